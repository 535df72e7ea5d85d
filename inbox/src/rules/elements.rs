//! What people press and choose: buttons, menus, images beside a text.

use serde_json::Value;

use super::review::{At, Review};

/// What a section may have on its right.
const ACCESSORIES: &[&str] = &[
    "button",
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "external_select",
    "image",
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
    "overflow",
    "radio_buttons",
    "static_select",
    "timepicker",
    "users_select",
    "workflow_button",
];
/// What an `actions` block takes and a section does not.
const ONLY_IN_ACTIONS: [&str; 2] = ["datetimepicker", "rich_text_input"];
const BUTTON: &[&str] = &[
    "type",
    "text",
    "action_id",
    "url",
    "value",
    "style",
    "confirm",
    "accessibility_label",
    "agent_prompt",
];
const STYLES: &[&str] = &["primary", "danger"];

impl Review {
    pub(super) fn accessory(&mut self, element: &Value, at: At<'_>) {
        let name = element["type"].as_str().unwrap_or_default();
        if !ACCESSORIES.contains(&name) {
            let reason = format!("{} cannot stand beside a section", element["type"]);
            return self.bad(at.key("type"), reason);
        }
        self.element(element, at);
    }

    pub(super) fn action(&mut self, element: &Value, at: At<'_>) {
        let name = element["type"].as_str().unwrap_or_default();
        let allowed = name != "image" && ACCESSORIES.contains(&name);
        if !allowed && !ONLY_IN_ACTIONS.contains(&name) {
            let reason = format!("{} is no element of an actions block", element["type"]);
            return self.bad(at.key("type"), reason);
        }
        self.element(element, at);
    }

    fn element(&mut self, element: &Value, at: At<'_>) {
        if element["type"] == "image" {
            return self.image(element, at);
        }
        if let Some(id) = element.get("action_id") {
            self.string(id, at.key("action_id"), 1..=255);
        }
        if let Some(confirm) = element.get("confirm") {
            self.confirm(confirm, at.key("confirm"));
        }
        match element["type"].as_str() {
            Some("button") => self.button(element, at),
            Some("static_select" | "multi_static_select") => self.select(element, at),
            Some("overflow") => self.options(&element["options"], at.key("options"), 5),
            Some("radio_buttons" | "checkboxes") => {
                self.options(&element["options"], at.key("options"), 10);
            }
            _ => {}
        }
        if let Some(placeholder) = element.get("placeholder") {
            self.plain_text(placeholder, at.key("placeholder"), 150);
        }
    }

    fn button(&mut self, button: &Value, at: At<'_>) {
        self.keys(button, at, BUTTON);
        self.plain_text(&button["text"], at.key("text"), 75);
        if let Some(url) = button.get("url") {
            self.url(url, at.key("url"));
        }
        if let Some(value) = button.get("value") {
            self.string(value, at.key("value"), 0..=2000);
        }
        self.one_of(&button["style"], at.key("style"), STYLES);
        if let Some(label) = button.get("accessibility_label") {
            self.string(label, at.key("accessibility_label"), 1..=75);
        }
    }

    fn select(&mut self, select: &Value, at: At<'_>) {
        match (select.get("options"), select.get("option_groups")) {
            (Some(options), None) => self.options(options, at.key("options"), 100),
            (None, Some(_)) => {}
            _ => self.bad(at, "a menu has either options or option_groups"),
        }
    }

    fn options(&mut self, options: &Value, at: At<'_>, most: usize) {
        for (index, option) in self.array(options, at, 1..=most).iter().enumerate() {
            let at = at.index(index);
            self.text(&option["text"], at.key("text"), 75);
            self.string(&option["value"], at.key("value"), 1..=150);
            if let Some(description) = option.get("description") {
                self.text(description, at.key("description"), 75);
            }
        }
    }

    fn confirm(&mut self, confirm: &Value, at: At<'_>) {
        self.plain_text(&confirm["title"], at.key("title"), 100);
        self.text(&confirm["text"], at.key("text"), 300);
        self.plain_text(&confirm["confirm"], at.key("confirm"), 30);
        self.plain_text(&confirm["deny"], at.key("deny"), 30);
        self.one_of(&confirm["style"], at.key("style"), STYLES);
    }

    /// An image, which has to say what it shows.
    pub(super) fn image(&mut self, image: &Value, at: At<'_>) {
        match (image.get("image_url"), image.get("slack_file")) {
            (Some(url), None) => self.url(url, at.key("image_url")),
            (None, Some(_)) => {}
            _ => self.bad(at, "an image has either image_url or slack_file"),
        }
        self.string(&image["alt_text"], at.key("alt_text"), 0..=2000);
    }
}
