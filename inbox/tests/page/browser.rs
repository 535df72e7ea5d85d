//! Chromium, driven by the protocol of W3C for that.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// More than anything here takes, so that a test which waits in vain ends.
const PATIENCE: Duration = Duration::from_secs(30);
/// The element that a script is given, in the words of the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A window of a headless browser, which is closed in the end.
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

/// How a page is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) is_dark: bool,
}

impl Browser {
    pub(crate) fn open(url: &str, look: Look) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let sessions = format!("http://127.0.0.1:{}/session", port.unwrap());
        let metrics = json!({"width": look.width, "height": 1600, "pixelRatio": 1});
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            "mobileEmulation": {"deviceMetrics": metrics},
        });
        let wanted = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": PATIENCE.as_millis()},
        });
        let body = json!({"capabilities": {"alwaysMatch": wanted}});
        let started = call(&sessions, &body);
        let session = format!("{sessions}/{}", started["sessionId"].as_str().unwrap());
        let browser = Self { driver, session };
        let scheme = if look.is_dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let media = json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        browser.call("goog/cdp/execute", &media);
        browser.call("url", &json!({"url": url}));
        browser
    }

    fn call(&self, command: &str, body: &Value) -> Value {
        call(&format!("{}/{command}", self.session), body)
    }

    /// The value of an expression.
    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.script(&format!("return {expression};"))
    }

    fn script(&self, script: &str) -> Value {
        self.call("execute/sync", &json!({"script": script, "args": []}))
    }

    /// The text that an expression is.
    pub(crate) fn text(&self, expression: &str) -> String {
        let value = self.eval(expression);
        let text = value
            .as_str()
            .unwrap_or_else(|| panic!("{expression} is {value}"));
        text.to_owned()
    }

    /// Waits until the expression holds.
    pub(crate) fn wait(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0]; \
             const look = () => ({expression}) ? done(true) : setTimeout(look, 10); look();"
        );
        let done = self.call("execute/async", &json!({"script": script, "args": []}));
        assert_eq!(done, true, "{expression}");
    }

    /// Presses these keys, one after the other, wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let press = |key: char| {
            ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}))
        };
        let keys: Vec<Value> = keys.chars().flat_map(press).collect();
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": keys});
        self.call("actions", &json!({"actions": [keyboard]}));
    }

    /// Clicks the element with this selector, as a finger or a mouse would.
    pub(crate) fn click(&self, selector: &str) {
        let found = self.call(
            "element",
            &json!({"using": "css selector", "value": selector}),
        );
        let element = found[ELEMENT].as_str().unwrap();
        self.call(&format!("element/{element}/click"), &json!({}));
    }

    /// What the browser complained about.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.call("se/log", &json!({"type": "browser"}));
        let log = log.as_array().cloned().unwrap_or_default();
        log.iter().map(ToString::to_string).collect()
    }

    /// Saves what is seen as a picture, for a person.
    pub(crate) fn picture(&self, name: &str) {
        let url = format!("{}/screenshot", self.session);
        let mut answer = agent().get(&url).call().unwrap();
        let answer: Value = answer
            .body_mut()
            .with_config()
            .limit(1 << 26)
            .read_json()
            .unwrap();
        let picture = BASE64_STANDARD
            .decode(answer["value"].as_str().unwrap())
            .unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver closes the browser.
        let _ = agent().delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder();
    let config = config
        .timeout_global(Some(PATIENCE * 2))
        .http_status_as_error(false);
    config.build().new_agent()
}

/// The value that a command answers.
fn call(url: &str, body: &Value) -> Value {
    let mut answer = agent().post(url).send_json(body).unwrap();
    let mut answer: Value = answer.body_mut().read_json().unwrap();
    let value = answer["value"].take();
    assert!(value["error"].is_null(), "{url}: {value}");
    value
}
