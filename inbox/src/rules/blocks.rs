//! The blocks of a message, by their types.

use std::collections::HashSet;

use serde_json::Value;

use super::review::{At, Review, kind};
use super::text::LONGEST;

/// Blocks that have rules of their own, elsewhere or with Slack alone.
const OTHERS: [&str; 8] = [
    "card",
    "carousel",
    "context_actions",
    "data_table",
    "file",
    "input",
    "plan",
    "video",
];

impl Review {
    pub(super) fn blocks(&mut self, blocks: &Value, at: At<'_>) {
        let Some(list) = blocks.as_array() else {
            let reason = format!("blocks have to be an array, not {}", kind(blocks));
            return self.refuse("invalid_blocks_format", at, reason);
        };
        if list.len() > 50 {
            self.bad(at, format!("{} blocks, and 50 are allowed", list.len()));
        }
        for (index, block) in list.iter().enumerate() {
            self.block(block, at.index(index));
        }
    }

    fn block(&mut self, block: &Value, at: At<'_>) {
        if !block.is_object() {
            let reason = format!("a block has to be an object, not {}", kind(block));
            return self.refuse("invalid_blocks_format", at, reason);
        }
        if let Some(id) = block.get("block_id") {
            self.block_id(id, at.key("block_id"));
        }
        match block["type"].as_str().unwrap_or_default() {
            "section" => self.section(block, at),
            "header" => {
                self.block_keys(block, at, &["text", "level"]);
                self.plain_text(&block["text"], at.key("text"), 150);
            }
            "divider" => self.block_keys(block, at, &[]),
            "context" => self.context(block, at),
            "actions" => self.actions(block, at),
            "image" => self.image_block(block, at),
            "markdown" => self.markdown(block, at),
            "rich_text" => self.rich_text(block, at),
            "table" => self.table(block, at),
            "alert" => self.alert(block, at),
            "task_card" => self.task_card(block, at),
            "container" => self.container(block, at),
            other if OTHERS.contains(&other) => {}
            _ => self.bad(at.key("type"), format!("{} is no block", block["type"])),
        }
    }

    fn block_id(&mut self, id: &Value, at: At<'_>) {
        let Some(id) = self.string(id, at, 1..=255) else {
            return;
        };
        if let Some(earlier) = self.block_ids.insert(id.to_owned(), at.to_string()) {
            self.bad(at, format!("this block_id is also at {earlier}"));
        }
    }

    fn block_keys(&mut self, block: &Value, at: At<'_>, allowed: &[&str]) {
        self.keys(block, at, &[&["type", "block_id"], allowed].concat());
    }

    fn section(&mut self, block: &Value, at: At<'_>) {
        self.block_keys(block, at, &["text", "fields", "accessory", "expand"]);
        let (text, fields) = (block.get("text"), block.get("fields"));
        if text.is_none() && fields.is_none() {
            self.bad(at, "a section needs text or fields");
        }
        if let Some(text) = text {
            self.text(text, at.key("text"), LONGEST);
        }
        if let Some(fields) = fields {
            let at = at.key("fields");
            for (index, field) in self.array(fields, at, 1..=10).iter().enumerate() {
                self.text(field, at.index(index), 2000);
            }
        }
        if let Some(accessory) = block.get("accessory") {
            self.accessory(accessory, at.key("accessory"));
        }
    }

    fn context(&mut self, block: &Value, at: At<'_>) {
        self.block_keys(block, at, &["elements"]);
        let at = at.key("elements");
        let elements = self.array(&block["elements"], at, 1..=10);
        for (index, element) in elements.iter().enumerate() {
            let at = at.index(index);
            if element["type"] == "image" {
                self.image(element, at);
            } else {
                self.text(element, at, LONGEST);
            }
        }
    }

    fn actions(&mut self, block: &Value, at: At<'_>) {
        self.block_keys(block, at, &["elements"]);
        let at = at.key("elements");
        let mut ids = HashSet::new();
        let elements = self.array(&block["elements"], at, 1..=25);
        for (index, element) in elements.iter().enumerate() {
            let at = at.index(index);
            self.action(element, at);
            let id = element["action_id"].as_str();
            if id.is_some_and(|id| !ids.insert(id)) {
                self.bad(at.key("action_id"), "this action_id is twice in the block");
            }
        }
    }

    fn image_block(&mut self, block: &Value, at: At<'_>) {
        self.block_keys(block, at, &["image_url", "slack_file", "alt_text", "title"]);
        self.image(block, at);
        if let Some(title) = block.get("title") {
            self.plain_text(title, at.key("title"), 2000);
        }
    }

    fn markdown(&mut self, block: &Value, at: At<'_>) {
        self.block_keys(block, at, &["text"]);
        let at = at.key("text");
        let Some(text) = self.string(&block["text"], at, 1..=usize::MAX) else {
            return;
        };
        self.markdown += text.chars().count();
        if self.markdown > 12_000 {
            let reason = "all markdown blocks together may have 12000 characters";
            self.bad(at, reason);
        }
    }

    fn rich_text(&mut self, block: &Value, at: At<'_>) {
        self.block_keys(block, at, &["elements"]);
        let at = at.key("elements");
        let elements = self.array(&block["elements"], at, 0..=usize::MAX);
        for (index, element) in elements.iter().enumerate() {
            let name = element["type"].as_str().unwrap_or_default();
            let part = name.strip_prefix("rich_text_").unwrap_or_default();
            if !["section", "list", "preformatted", "quote"].contains(&part) {
                let reason = format!("{} is no element of a rich text", element["type"]);
                self.bad(at.index(index), reason);
            }
        }
    }

    fn table(&mut self, block: &Value, at: At<'_>) {
        self.tables += 1;
        if self.tables > 1 {
            self.bad(at, "a message may have one table");
        }
        let at = at.key("rows");
        let rows = self.array(&block["rows"], at, 1..=100);
        for (index, row) in rows.iter().enumerate() {
            self.array(row, at.index(index), 0..=20);
        }
    }

    fn alert(&mut self, block: &Value, at: At<'_>) {
        self.text(&block["text"], at.key("text"), LONGEST);
        let levels = ["default", "info", "warning", "error", "success"];
        self.one_of(&block["level"], at.key("level"), &levels);
    }

    fn task_card(&mut self, block: &Value, at: At<'_>) {
        for key in ["task_id", "title"] {
            self.string(&block[key], at.key(key), 1..=usize::MAX);
        }
        let at = at.key("status");
        if self.string(&block["status"], at, 1..=usize::MAX).is_some() {
            let known = ["pending", "in_progress", "complete", "error"];
            self.one_of(&block["status"], at, &known);
        }
    }

    fn container(&mut self, block: &Value, at: At<'_>) {
        if block.get("title").is_none() && block.get("rich_text_title").is_none() {
            self.bad(at, "a container needs title or rich_text_title");
        }
        let at = at.key("child_blocks");
        let children = self.array(&block["child_blocks"], at, 0..=10);
        for (index, child) in children.iter().enumerate() {
            self.block(child, at.index(index));
        }
    }
}
