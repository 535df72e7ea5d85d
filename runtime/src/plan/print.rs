//! A plan as text, one line for each node; functions have no text worth printing.

use std::fmt;

use super::{Edge, EdgeKind, Items, Over, Plan};

/// Functions have no text worth printing.
impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flatten = if self.flatten.is_some() {
            " flattened"
        } else {
            ""
        };
        match &self.over {
            Over::Constant(_) => write!(f, "constant{flatten}"),
            Over::Source(source) => write!(f, "{source:?}{flatten}"),
        }
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            EdgeKind::Whole => write!(f, "{:?}", self.up),
            EdgeKind::Element { level, .. } | EdgeKind::Flattened { level, .. } => {
                write!(f, "{:?}[{level}]", self.up)
            }
            EdgeKind::Gate { arm } => write!(f, "{:?} takes {}", self.up, arm.number()),
            EdgeKind::Choice { arm } => write!(f, "{:?} if {}", self.up, arm.number()),
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "flow {:?}", self.name)?;
        for (at, parameter) in self.parameters.iter().enumerate() {
            let default = if parameter.default.is_some() {
                " with a default"
            } else {
                ""
            };
            writeln!(f, "  parameter {at} {:?}{default}", parameter.name)?;
        }
        for id in self.ids() {
            let bindings = self.bindings(id).iter();
            let bindings: Vec<_> = bindings.map(|input| self.bindings.show(*input)).collect();
            let edges = self.edges(id);
            writeln!(f, "  {id:?} {bindings:?} {edges:?}: {:?}", self.spec(id))?;
        }
        let output = self.output.map(|output| self.bindings.show(output));
        write!(f, "  output {output:?}, references {:?}", self.references())
    }
}
