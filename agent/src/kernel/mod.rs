//! The kernel side as the agent sees it.
//!
//! * [`btf`]: the kernel's own type information
//! * [`layout`]: the offsets the programs need
//! * [`size`]: how large the tables must be
//! * [`load`]: loading and attaching, and what came of it
//! * [`table`]: a map as memory; [`windows`]: the parts of a large one that are in use
//! * [`scheduler`]: reading the scheduler's tables
//! * [`sockets`]: attaching to sockets, and what cannot be seen of them
//! * [`traffic`]: reading the tables of the processes' sockets

pub mod btf;
pub mod layout;
pub mod load;
pub mod scheduler;
pub mod size;
pub mod sockets;
pub mod table;
pub mod traffic;
pub mod windows;
