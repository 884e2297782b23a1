//! subjiffy: exact CPU time of every process on a Linux host.
//!
//! The way of the data, top to bottom:
//!
//! * [`kernel`]: the BPF programs' tables; [`procfs`]: what the kernel publishes as text
//! * [`collect`]: from these sources to a raw sample, totals only
//! * [`model`]: from two samples to a snapshot, the one place where differences are computed
//! * [`chain`], [`sampler`]: who takes samples when
//! * consumers, which only write snapshots down: [`answers`] and [`rows`] behind [`serve`] for
//!   socktop, [`top`] for terminals, [`json`] for both of them
//! * on request, about one process: [`details`] and [`journal`], their work shared by [`flights`]
//!
//! Read only when a client asks, and never waited for long: [`hardware`] ([`sensors`], [`gpu`]) and
//! [`storage`], through [`background`]. [`interfaces`] says which of them to sum up.
//!
//! Beside it: [`cli`], [`ctl`], [`config`], [`settings`], [`listen`], [`tls`], [`descriptors`], [`doctor`],
//! [`privilege`], [`shutdown`], [`timer`], [`metronome`], [`priority`], [`check`].

pub mod answers;
pub mod background;
pub mod chain;
pub mod check;
pub mod cli;
pub mod collect;
pub mod collectl;
pub mod config;
pub mod control;
pub mod ctl;
pub mod descriptors;
pub mod details;
pub mod doctor;
pub mod elements;
pub mod flights;
pub mod gpu;
pub mod hardware;
pub mod interfaces;
pub mod journal;
pub mod json;
pub mod kernel;
pub mod listen;
pub mod memory;
pub mod metronome;
pub mod model;
pub mod order;
pub mod priority;
pub mod privilege;
pub mod procfs;
pub mod reload;
pub mod rows;
pub mod sampler;
pub mod sensors;
pub mod serve;
pub mod settings;
pub mod shutdown;
pub mod storage;
pub mod stream;
pub mod timer;
pub mod tls;
pub mod top;
