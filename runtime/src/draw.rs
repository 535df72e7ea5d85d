//! Drawings of a flow: Mermaid and Graphviz, with loops and arms as boxes, and of a run, in the colours
//! of its states.

use std::fmt::Write as _;

use crate::engine::{Engine, RunId};
use crate::plan::{Edge, EdgeKind, NodeId, Plan, ScopeId, ScopeKind};

/// What a drawing is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Mermaid,
    Dot,
}

/// Draws a plan; with a run, in the colours of its states.
pub(crate) fn draw(plan: &Plan, run: Option<&Engine>, language: Language) -> String {
    let mut drawing = Drawing {
        plan,
        run,
        language,
        text: String::new(),
    };
    drawing.line(
        0,
        match language {
            Language::Mermaid => "flowchart TD",
            Language::Dot => "digraph flow {",
        },
    );
    if language == Language::Dot {
        let name = drawing.quote(plan.name());
        drawing.line(
            1,
            &format!("label={name}; node [shape=ellipse, style=filled, fillcolor=white];"),
        );
    }
    drawing.scope(None, 1);
    plan.ids().for_each(|id| drawing.edges(id));
    if language == Language::Dot {
        drawing.line(0, "}");
    }
    drawing.text
}

struct Drawing<'a> {
    plan: &'a Plan,
    run: Option<&'a Engine>,
    language: Language,
    text: String,
}

impl Drawing<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.text, "{:1$}{text}", "", 4 * depth);
    }

    /// The nodes that stand directly in a scope, and the scopes in it as boxes.
    fn scope(&mut self, scope: Option<ScopeId>, depth: usize) {
        let plan = self.plan;
        for id in plan.ids().filter(|id| plan.node(*id).scope == scope) {
            self.node(id, depth);
        }
        let inner = (0..)
            .map(ScopeId::new)
            .zip(&plan.scopes)
            .filter(|(_, inner)| inner.parent == scope);
        for (id, inner) in inner {
            let title = match &inner.kind {
                ScopeKind::Loop(_) => "for each".to_owned(),
                ScopeKind::Arm { text, .. } => text.to_string(),
            };
            let title = self.quote(&title);
            match self.language {
                Language::Mermaid => {
                    self.line(depth, &format!("subgraph s{}[{title}]", id.index()));
                }
                Language::Dot => {
                    self.line(
                        depth,
                        &format!("subgraph cluster_{} {{ label={title};", id.index()),
                    );
                }
            }
            self.scope(Some(id), depth + 1);
            self.line(
                depth,
                if self.language == Language::Mermaid {
                    "end"
                } else {
                    "}"
                },
            );
        }
    }

    fn node(&mut self, id: NodeId, depth: usize) {
        let node = self.plan.node(id);
        let (name, decides) = (self.quote(self.plan.task_name(id)), self.plan.is_branch(id));
        if node.hidden && !decides {
            // What only hands a value on is a point where arrows meet.
            return self.point(id, depth);
        }
        let color = self
            .run
            .map(|run| run.runs()[RunId::root(id)].state.kind().color());
        match self.language {
            Language::Mermaid => {
                let shape = if decides {
                    format!("{{{name}}}")
                } else {
                    format!("([{name}])")
                };
                self.line(depth, &format!("n{}{shape}", id.0));
                if let Some(color) = color {
                    self.line(depth, &format!("style n{} fill:{color}80", id.0));
                }
            }
            Language::Dot => {
                let shape = if decides { ", shape=diamond" } else { "" };
                let fill = color
                    .map(|color| format!(", fillcolor=\"{color}80\""))
                    .unwrap_or_default();
                self.line(depth, &format!("n{} [label={name}{shape}{fill}];", id.0));
            }
        }
    }

    fn point(&mut self, id: NodeId, depth: usize) {
        self.line(
            depth,
            &match self.language {
                Language::Mermaid => format!("n{}(( ))", id.0),
                Language::Dot => format!("n{} [label=\"\", shape=point];", id.0),
            },
        );
    }

    fn edges(&mut self, id: NodeId) {
        let mut drawn: Vec<&Edge> = Vec::new();
        for edge in self.plan.edges(id) {
            let same = |other: &&Edge| other.up == edge.up;
            if drawn.iter().any(same) {
                continue;
            }
            drawn.push(edge);
            let each = matches!(edge.kind, EdgeKind::Element { .. } | EdgeKind::Gate { .. });
            let arrow = match (self.language, each) {
                (Language::Mermaid, false) => "-->",
                (Language::Mermaid, true) => "-.->",
                (Language::Dot, _) => "->",
            };
            let dashed = if self.language == Language::Dot && each {
                " [style=dashed]"
            } else {
                ""
            };
            let end = if self.language == Language::Dot {
                ";"
            } else {
                ""
            };
            self.line(1, &format!("n{} {arrow} n{}{dashed}{end}", edge.up.0, id.0));
        }
    }

    fn quote(&self, text: &str) -> String {
        match self.language {
            Language::Mermaid => {
                format!("\"{}\"", text.replace('&', "&amp;").replace('"', "&quot;"))
            }
            Language::Dot => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }
}
