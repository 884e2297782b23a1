//! Flags and variables to one checked value. Flags win; the reference agent's variables mean here
//! what they mean there, except that nonsense in one is an error.

mod secret;
mod variables;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use crate::{
    answers::Lifetimes,
    cli::AgentArgs,
    hardware,
    serve::{Limits, Origin},
    tls,
};

pub use secret::{Secret, TokenSource};
use variables::Variables;

/// Ports without and with TLS, those of the reference agent.
const PORTS: (u16, u16) = (3000, 8443);

/// Everything the agent is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where clients connect.
    pub listen: Listen,
    /// Which certificate, if they must speak TLS.
    pub tls: Option<Tls>,
    /// The secret they must know.
    pub token: TokenSource,
    /// Web pages that may connect besides those of this host.
    pub origins: Vec<Origin>,
    /// Whether all web pages may.
    pub all_origins: bool,
    /// How many clients there may be, and what each may use.
    pub limits: Limits,
    /// Threads that serve clients.
    pub workers: usize,
    /// For how long answers are given again.
    pub lifetimes: Lifetimes,
    /// What hardware is asked.
    pub hardware: hardware::Settings,
    /// Whether BPF may be used.
    pub bpf: bool,
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// On this port of 127.0.0.1, and of `::1` if that is possible: some clients take `localhost` for
    /// the second one.
    Loopback(u16),
    /// On all of these.
    Given(Vec<SocketAddr>),
}

/// Which certificate to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// The user's own.
    Own {
        /// File of the certificate and its chain.
        certificate: PathBuf,
        /// File of its key.
        key: PathBuf,
    },
    /// A self-signed one.
    Kept {
        /// Where it is kept.
        directory: PathBuf,
        /// Names to put in besides the usual ones, separated by commas.
        extra_names: String,
    },
}

impl Settings {
    /// What `args` and the environment, read through `variable`, say together.
    ///
    /// # Errors
    /// Which flag or variable makes no sense, and what would.
    pub fn new(
        args: &AgentArgs,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, String> {
        let variables = Variables::new(variable);
        let tls = tls(args, &variables)?;
        let token = token(args, &variables)?;
        let port = match args.port {
            Some(port) => Some(port),
            None => variables.port()?,
        };
        let listen = listen(args, port, tls.is_some());
        if listen.is_exposed() && matches!(token, TokenSource::None) && !args.insecure {
            return Err(format!(
                "{listen} can be reached by others and nothing would protect it: listen on \
                 127.0.0.1, or set a token (--token-file, SUBJIFFY_TOKEN), or say --insecure if the \
                 network is safe"
            ));
        }
        let (all_origins, origins) = origins(args, &variables)?;
        Ok(Self {
            listen,
            tls,
            token,
            origins,
            all_origins,
            limits: Limits {
                connections: args.max_connections.get().into(),
                connections_per_address: args.max_connections_per_address.get().into(),
                ..Limits::default()
            },
            workers: variables.workers()?,
            lifetimes: Lifetimes::from_variables(|name| variables.lossy(name))?,
            hardware: hardware::Settings {
                gpus: variables.switch("SOCKTOP_AGENT_GPU", true)?,
                temperatures: variables.switch("SOCKTOP_AGENT_TEMP", true)?,
            },
            bpf: !args.no_bpf,
        })
    }

    /// What is allowed and still worth a word.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let exposed = self.listen.is_exposed();
        let token = !matches!(self.token, TokenSource::None);
        let warnings = [
            (
                exposed && !token,
                "everybody who reaches this address can read all numbers: there is no token",
            ),
            (
                exposed && token && self.tls.is_none(),
                "without --tls the token and all numbers travel in clear",
            ),
            (
                self.all_origins && !token,
                "every web page that a user of this host opens can read all numbers: \
                 --allow-origin * without a token",
            ),
        ];
        let said = warnings.into_iter().filter(|(applies, _)| *applies);
        said.map(|(_, warning)| warning).collect()
    }
}

impl Listen {
    /// Whether others than this host's users can connect.
    fn is_exposed(&self) -> bool {
        match self {
            Self::Loopback(_) => false,
            Self::Given(all) => all.iter().any(|a| !a.ip().to_canonical().is_loopback()),
        }
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Loopback(port) => write!(f, "127.0.0.1:{port}"),
            Self::Given(all) => {
                let all: Vec<_> = all.iter().map(ToString::to_string).collect();
                f.write_str(&all.join(", "))
            }
        }
    }
}

fn listen(args: &AgentArgs, port: Option<u16>, tls: bool) -> Listen {
    if args.listen.is_empty() {
        let default = if tls { PORTS.1 } else { PORTS.0 };
        return Listen::Loopback(port.unwrap_or(default));
    }
    let mut all: Vec<SocketAddr> = Vec::new();
    for &address in &args.listen {
        let mut address = address;
        // The variable is for the default address: it does not change what was given in full.
        if let Some(port) = args.port {
            address.set_port(port);
        }
        if !all.contains(&address) {
            all.push(address);
        }
    }
    // IPv4 first: that is the address to show.
    all.sort_by_key(SocketAddr::is_ipv6);
    Listen::Given(all)
}

fn tls(args: &AgentArgs, variables: &Variables<'_>) -> Result<Option<Tls>, String> {
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        let (certificate, key) = (certificate.clone(), key.clone());
        return Ok(Some(Tls::Own { certificate, key }));
    }
    if !args.tls && !variables.switch("SOCKTOP_ENABLE_SSL", false)? {
        return Ok(None);
    }
    Ok(Some(Tls::Kept {
        directory: tls::directory(|name| variables.lossy(name)),
        extra_names: variables
            .text("SOCKTOP_AGENT_EXTRA_SANS")?
            .unwrap_or_default(),
    }))
}

fn token(args: &AgentArgs, variables: &Variables<'_>) -> Result<TokenSource, String> {
    if let Some(path) = &args.token_file {
        return Ok(TokenSource::File(path.clone()));
    }
    for name in ["SUBJIFFY_TOKEN", "SOCKTOP_TOKEN"] {
        if let Some(secret) = variables.secret(name)? {
            return Ok(TokenSource::Variable(secret));
        }
    }
    Ok(TokenSource::None)
}

fn origins(args: &AgentArgs, variables: &Variables<'_>) -> Result<(bool, Vec<Origin>), String> {
    const NAME: &str = "SUBJIFFY_ALLOW_ORIGIN";
    let from_variable = match args.allow_origin.is_empty() {
        true => variables.text(NAME)?.unwrap_or_default(),
        false => String::new(),
    };
    let words = from_variable.split(',').map(|word| (NAME, word.trim()));
    let flags = args.allow_origin.iter().map(String::as_str);
    let words = words.chain(flags.map(|word| ("--allow-origin", word)));
    let (mut all, mut origins) = (false, Vec::new());
    for (whence, word) in words {
        match word {
            "*" => all = true,
            "" if whence == NAME => {}
            word => {
                let origin = word.parse();
                origins.push(origin.map_err(|why| format!("{whence}: {word:?}: {why}"))?);
            }
        }
    }
    Ok((all, origins))
}

#[cfg(test)]
mod tests;
