//! Stands between a client and the agent and changes what the machine seems to have.

use crate::raw::{Message, Raw};
use crate::wire;
use serde_json::Value;
use std::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::accept;

/// Listens on a port of its own and passes every request to the agent at `url`. Answers to
/// `get_metrics` go through `edit`. It ends with the test program. Returns its own URL.
///
/// # Panics
/// When it cannot listen.
pub fn relay(url: &str, edit: fn(&mut Value)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let url = url.to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let url = url.clone();
            std::thread::spawn(move || pass(client, &url, edit));
        }
    });
    format!("ws://{address}/ws")
}

/// Serves one client until one side ends.
fn pass(client: TcpStream, url: &str, edit: fn(&mut Value)) -> Option<()> {
    let mut client = accept(client).ok()?;
    let mut agent = Raw::try_connect(url).ok()?;
    loop {
        let request = client.read().ok()?;
        let is_metrics = matches!(&request, Message::Text(text) if *text == "get_metrics");
        agent.send(request).ok()?;
        let mut answer = agent.read().ok()?;
        if is_metrics {
            let mut metrics = wire::json(&answer).ok()?;
            edit(&mut metrics);
            answer = Message::text(metrics.to_string());
        }
        client.send(answer).ok()?;
    }
}
