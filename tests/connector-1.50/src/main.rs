//! Asks an agent what stdin says, with socktop_connector 1.50.0: the first line says how to connect
//! (JSON), each further line is a request. Every line is answered by one: `{"ok":...}` or
//! `{"error":"..."}`.

#[macro_use]
#[path = "../../tests/connector/dialogue.rs"]
mod dialogue;

use dialogue::How;
use serde_json::{Value, json};
use std::io::{BufRead, Write};

connector!(Connector, socktop_connector, details);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut lines = std::io::stdin().lock().lines();
    let how: Value = serde_json::from_str(&lines.next().ok_or("no first line")??)?;
    let mut connector = match Connector::connect(&how_from(&how)) {
        Ok(connector) => connector,
        Err(error) => return say(&json!({ "error": error })),
    };
    say(&json!({ "ok": null }))?;
    for line in lines {
        say(&match connector.ask(&line?) {
            Ok(answer) => json!({ "ok": answer }),
            Err(error) => json!({ "error": error }),
        })?;
    }
    Ok(())
}

fn how_from(value: &Value) -> How {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let names =
        |value: &Value| -> Option<Vec<String>> { value.as_array()?.iter().map(text).collect() };
    How {
        url: text(&value["url"]).unwrap_or_default(),
        tls: text(&value["pem"]).zip(value["verify"].as_bool()),
        config: names(&value["protocols"]).zip(text(&value["version"])),
    }
}

fn say(line: &Value) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
