//! One face for all versions of the connector: requests are words, answers are JSON values made of
//! the connector's own types. Also compiled into the program in `connector-1.50`.

/// How to connect.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// `ws://` or `wss://`.
    pub url: String,
    /// A PEM file to trust, and whether the host name is verified.
    pub tls: Option<(String, bool)>,
    /// Subprotocols to offer and the version of WebSocket to ask for.
    pub config: Option<(Vec<String>, String)>,
}

/// `connector!(Name, crate)` is a client made of that version of the crate; with the word `details`
/// behind it, one that knows processes' details and journals.
macro_rules! connector {
    ($name:ident, $krate:ident $(, $details:ident)?) => {
        pub struct $name {
            runtime: tokio::runtime::Runtime,
            connector: $krate::SocktopConnector,
        }

        impl $name {
            pub fn connect(how: &How) -> Result<Self, String> {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|e| e.to_string())?;
                let connector = runtime.block_on(async {
                    match how.clone() {
                        How { url, tls: Some((pem, verify)), .. } => {
                            $krate::connect_to_socktop_agent_with_tls(url, pem, verify).await
                        }
                        How { url, config: Some((protocols, version)), .. } => {
                            $krate::connect_to_socktop_agent_with_config(
                                url,
                                Some(protocols),
                                Some(version),
                            )
                            .await
                        }
                        How { url, .. } => $krate::connect_to_socktop_agent(url).await,
                    }
                });
                let connector = connector.map_err(|e| e.to_string())?;
                Ok(Self { runtime, connector })
            }

            pub fn ask(&mut self, what: &str) -> Result<serde_json::Value, String> {
                use $krate::{AgentRequest, AgentResponse};
                let (kind, pid) = what.split_once(':').unwrap_or((what, ""));
                let pid: u32 = pid.parse().unwrap_or(0);
                let request = match kind {
                    "metrics" => AgentRequest::Metrics,
                    "disks" => AgentRequest::Disks,
                    "processes" => AgentRequest::Processes,
                    $(
                        "details" => connector!(@$details $krate ProcessMetrics pid),
                        "journal" => connector!(@$details $krate JournalEntries pid),
                    )?
                    _ => return Err(format!("this connector knows no {kind}, pid {pid}")),
                };
                let answer = self.runtime.block_on(self.connector.request(request));
                let value = match answer.map_err(|e| e.to_string())? {
                    AgentResponse::Metrics(metrics) => serde_json::to_value(metrics),
                    AgentResponse::Disks(disks) => serde_json::to_value(disks),
                    AgentResponse::Processes(list) => serde_json::to_value(list),
                    $(
                        connector!(@$details $krate answer details) => serde_json::to_value(details),
                        connector!(@$details $krate answer_journal journal) => {
                            serde_json::to_value(journal)
                        }
                    )?
                };
                value.map_err(|e| e.to_string())
            }
        }
    };
    (@details $krate:ident answer $name:ident) => { AgentResponse::ProcessMetrics($name) };
    (@details $krate:ident answer_journal $name:ident) => { AgentResponse::JournalEntries($name) };
    (@details $krate:ident $kind:ident $pid:ident) => { AgentRequest::$kind { pid: $pid } };
}
