//! Plot files: a header, a line that names the columns, rows.
//!
//! * [`Reader`]: the rows of a file
//! * [`Columns`]: their names, and which belong to a subsystem
//! * [`Row`]: the values of a moment, and the line that shows them

mod columns;
mod reader;
mod row;

#[cfg(test)]
mod tests;

pub use columns::Columns;
pub use reader::Reader;
pub use row::Row;
