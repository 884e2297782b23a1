//! Sockets in connected pairs, at one place or at two.

use rustix::net::{
    AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType, accept, bind, connect,
    getsockname, listen, socket_with, socketpair, sockopt,
};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::cell::Cell;
use std::fs::File;
use std::io::{Error, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

/// No operation hangs for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Kinds of sockets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Tcp4,
    Tcp6,
    Udp4,
    Udp6,
    Stream,
    Dgram,
    Seqpacket,
}

pub const ALL: [Kind; 7] = [
    Kind::Tcp4,
    Kind::Tcp6,
    Kind::Udp4,
    Kind::Udp6,
    Kind::Stream,
    Kind::Dgram,
    Kind::Seqpacket,
];
pub const TCP: [Kind; 2] = [Kind::Tcp4, Kind::Tcp6];
pub const UDP: [Kind; 2] = [Kind::Udp4, Kind::Udp6];
/// Without borders between messages.
pub const STREAMS: [Kind; 3] = [Kind::Tcp4, Kind::Tcp6, Kind::Stream];
pub const DATAGRAMS: [Kind; 4] = [Kind::Udp4, Kind::Udp6, Kind::Dgram, Kind::Seqpacket];

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp4 => "tcp4",
            Self::Tcp6 => "tcp6",
            Self::Udp4 => "udp4",
            Self::Udp6 => "udp6",
            Self::Stream => "unix stream",
            Self::Dgram => "unix dgram",
            Self::Seqpacket => "unix seqpacket",
        }
    }

    pub fn is_tcp(self) -> bool {
        TCP.contains(&self)
    }

    pub fn is_stream(self) -> bool {
        STREAMS.contains(&self)
    }

    fn family(self) -> AddressFamily {
        match self {
            Self::Tcp4 | Self::Udp4 => AddressFamily::INET,
            Self::Tcp6 | Self::Udp6 => AddressFamily::INET6,
            Self::Stream | Self::Dgram | Self::Seqpacket => AddressFamily::UNIX,
        }
    }

    fn socket_type(self) -> SocketType {
        match self {
            Self::Tcp4 | Self::Tcp6 | Self::Stream => SocketType::STREAM,
            Self::Udp4 | Self::Udp6 | Self::Dgram => SocketType::DGRAM,
            Self::Seqpacket => SocketType::SEQPACKET,
        }
    }
}

/// A socket that knows what was moved through it.
pub struct Socket {
    fd: OwnedFd,
    pub kind: Kind,
    /// Bytes that its calls said they sent.
    pub sent: Cell<u64>,
    /// Bytes that its calls said they received.
    pub received: Cell<u64>,
}

impl Socket {
    /// Wraps one that came from elsewhere.
    pub fn from_fd(fd: OwnedFd, kind: Kind) -> Result<Self> {
        for timeout in [sockopt::Timeout::Recv, sockopt::Timeout::Send] {
            sockopt::set_socket_timeout(&fd, timeout, Some(PATIENCE))?;
        }
        Ok(Self {
            fd,
            kind,
            sent: Cell::new(0),
            received: Cell::new(0),
        })
    }

    /// A fresh one at the near end.
    pub fn new(kind: Kind) -> Result<Self> {
        let flags = SocketFlags::CLOEXEC;
        let fd = socket_with(kind.family(), kind.socket_type(), flags, None)?;
        Self::from_fd(fd, kind)
    }

    pub fn address(&self) -> Result<SocketAddrAny> {
        Ok(getsockname(&self.fd)?)
    }

    pub fn raw(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    pub fn accept(&self) -> Result<Self> {
        Self::from_fd(accept(&self.fd)?, self.kind)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Where the two ends are: both here, or the far ones in another network namespace.
pub struct Place {
    near: [IpAddr; 2],
    far: [IpAddr; 2],
    far_net: Option<File>,
}

impl Place {
    /// Both ends on the loopback interface.
    pub fn loopback() -> Self {
        let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        Self {
            near: here,
            far: here,
            far_net: None,
        }
    }

    /// `near` and `far` are addresses of IPv4 and IPv6, with a comma between them.
    pub fn across(near: &str, far: &str, far_net: &str) -> std::result::Result<Self, String> {
        let addresses = |text: &str| {
            let (four, six) = text.split_once(',').ok_or("two addresses, please")?;
            let parse = |one: &str| one.parse::<IpAddr>().map_err(|e| format!("{one}: {e}"));
            Ok::<_, String>([parse(four)?, parse(six)?])
        };
        let net = File::open(far_net).map_err(|e| format!("{far_net}: {e}"))?;
        Ok(Self {
            near: addresses(near)?,
            far: addresses(far)?,
            far_net: Some(net),
        })
    }

    /// A socket at the far end.
    pub fn far_socket(&self, kind: Kind) -> Result<Socket> {
        let net = match &self.far_net {
            Some(net) if kind.family() != AddressFamily::UNIX => net,
            _ => return Socket::new(kind),
        };
        std::thread::scope(|scope| {
            let made = scope.spawn(|| {
                move_into_link_name_space(net.as_fd(), Some(LinkNameSpaceType::Network))?;
                Socket::new(kind)
            });
            made.join().map_err(|_| Error::other("a panic"))?
        })
    }

    /// Binds to a free port or name of this end.
    pub fn bind(&self, socket: &Socket, far: bool) -> Result<SocketAddrAny> {
        let addresses = if far { self.far } else { self.near };
        match socket.kind {
            Kind::Tcp4 | Kind::Udp4 => bind(socket, &SocketAddr::new(addresses[0], 0))?,
            Kind::Tcp6 | Kind::Udp6 => bind(socket, &SocketAddr::new(addresses[1], 0))?,
            _ => bind(socket, &SocketAddrUnix::new_unnamed())?,
        }
        socket.address()
    }

    /// A listening socket at the far end, and where it listens.
    pub fn listener(&self, kind: Kind) -> Result<(Socket, SocketAddrAny)> {
        let listener = self.far_socket(kind)?;
        let address = self.bind(&listener, true)?;
        // Room for all that come: what finds none is sent again.
        listen(&listener, 1000)?;
        Ok((listener, address))
    }

    /// An address of the far end where nobody listens.
    pub fn nobody(&self, kind: Kind) -> Result<SocketAddrAny> {
        let socket = self.far_socket(kind)?;
        self.bind(&socket, true)
    }

    /// Two datagram sockets, bound and not connected, with their addresses.
    pub fn unconnected(&self, kind: Kind) -> Result<[(Socket, SocketAddrAny); 2]> {
        let (near, far) = (Socket::new(kind)?, self.far_socket(kind)?);
        let addresses = [self.bind(&near, false)?, self.bind(&far, true)?];
        let [near_address, far_address] = addresses;
        Ok([(near, near_address), (far, far_address)])
    }

    /// A connected pair: the near end and the far one.
    pub fn pair(&self, kind: Kind) -> Result<(Socket, Socket)> {
        match kind {
            Kind::Tcp4 | Kind::Tcp6 => {
                let (listener, address) = self.listener(kind)?;
                let near = Socket::new(kind)?;
                connect(&near, &address)?;
                let far = listener.accept()?;
                Ok((near, far))
            }
            Kind::Udp4 | Kind::Udp6 => {
                let [(near, near_address), (far, far_address)] = self.unconnected(kind)?;
                connect(&near, &far_address)?;
                connect(&far, &near_address)?;
                Ok((near, far))
            }
            Kind::Stream | Kind::Dgram | Kind::Seqpacket => {
                let flags = SocketFlags::CLOEXEC;
                let (near, far) = socketpair(kind.family(), kind.socket_type(), flags, None)?;
                Ok((Socket::from_fd(near, kind)?, Socket::from_fd(far, kind)?))
            }
        }
    }
}
