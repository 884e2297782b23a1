//! collectl's command line.
