//! Where the lines of a run go: to the terminal or to sockets, or nowhere if they are only recorded.

use std::{net::SocketAddr, sync::Arc, thread, time::Duration};

use tokio::runtime::Handle;

use super::{Control, End, Error};
use crate::{
    options::{Address, Options, Style},
    output::{Audience, CLIENTS, Client, Lines, Manner, Remarks, Server, Terminal},
};

/// How often a full queue is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// Where lines go.
#[derive(Debug)]
pub enum Receiver {
    Nobody,
    Terminal(Terminal),
    Server(Server),
    Client(Client),
}

impl Receiver {
    /// As the options say. `control` is told when the peer is gone.
    pub fn open(
        options: &Options,
        host: &str,
        runtime: &Handle,
        control: &Arc<Control>,
    ) -> Result<Self, Error> {
        Ok(match &options.address {
            None if options.files.is_some() => Self::Nobody,
            None => Self::Terminal(Terminal::new(options.headers)),
            Some(Address::Listen { at, prefix }) => {
                let host = prefix.then_some(host);
                let server = Server::start(runtime, at, host, manner(options), CLIENTS)?;
                let control = Arc::clone(control);
                server.audience().on_arrival(move || control.wake());
                Self::Server(server)
            }
            Some(Address::Connect {
                host: to,
                port,
                timeout,
            }) => {
                // colmux reads lines of text; the other styles are for readers that take what there is.
                let nudges = !matches!(options.style, Style::Lexpr | Style::Exact);
                let manner = Manner {
                    patience: None,
                    nudges,
                    ..manner(options)
                };
                let control = Arc::clone(control);
                let gone = move || control.end(End::PeerGone);
                Self::Client(Client::connect(
                    runtime,
                    (to, *port),
                    *timeout,
                    host,
                    manner,
                    gone,
                )?)
            }
        })
    }

    /// Whether there is somebody.
    pub fn is_somebody(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// Whether the lines of the next sample are of use to somebody.
    pub fn wants_lines(&self) -> bool {
        match self {
            Self::Nobody => false,
            Self::Terminal(_) | Self::Client(_) => true,
            Self::Server(server) => server.wants_lines(),
        }
    }

    /// Where a server listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        match self {
            Self::Server(server) => server.addresses(),
            _ => &[],
        }
    }

    /// Figures of those who receive lines over sockets.
    pub fn audience(&self) -> Audience {
        match self {
            Self::Nobody | Self::Terminal(_) => Audience::default(),
            Self::Server(server) => server.audience(),
            Self::Client(client) => client.audience(),
        }
    }

    /// Hands lines over.
    pub fn show(&mut self, lines: &Lines, control: &Control) -> Result<(), Error> {
        match self {
            Self::Nobody => {}
            Self::Terminal(terminal) => {
                if !terminal.show(lines).map_err(Error::Output)? {
                    control.end(End::PeerGone);
                }
            }
            Self::Server(server) => server.show(lines),
            Self::Client(client) => client.show(lines),
        }
        Ok(())
    }

    /// Waits until there is somebody to receive lines and nobody has so many waiting that some would be
    /// skipped; or, with `all`, until everybody has everything.
    pub fn wait(&self, all: bool, control: &Control) {
        let is_ready = || match self {
            Self::Nobody | Self::Terminal(_) => true,
            Self::Server(server) if all => server.waiting() == 0,
            Self::Server(server) => server.clients() > 0 && server.has_room(),
            Self::Client(client) if all => client.waiting() == 0,
            Self::Client(client) => client.has_room(),
        };
        while !is_ready() && control.ended().is_none() {
            thread::sleep(LOOK);
        }
    }

    /// Everybody gets what is left, and sees an orderly end.
    pub fn close(self) {
        match self {
            Self::Nobody | Self::Terminal(_) => {}
            Self::Server(server) => server.close(),
            Self::Client(client) => client.close(),
        }
    }
}

fn manner(options: &Options) -> Manner {
    Manner {
        headers: options.headers,
        remarks: remarks(options.style),
        ..Manner::default()
    }
}

/// How lines of a style tell what is not there.
pub fn remarks(style: Style) -> Remarks {
    match style {
        Style::Exact => Remarks::Json,
        _ => Remarks::Comments,
    }
}
