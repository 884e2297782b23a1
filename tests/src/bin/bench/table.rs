//! Figures in rows and columns.

use serde_json::{Map, Value, json};

/// A table; every cell is text with its unit in the column's name.
pub struct Table {
    title: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(title: &'static str, columns: &[&'static str]) -> Self {
        Self {
            title,
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Writes it to stdout.
    pub fn print(&self, json: bool) {
        if json {
            println!("{}", self.json());
        } else {
            println!("{}", self.markdown());
        }
    }

    fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let names: Vec<String> = self.columns.iter().map(|&name| name.to_owned()).collect();
        let rule = "---:|".repeat(self.columns.len().saturating_sub(1));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("**{}**\n\n{}|---|{rule}\n{rows}", self.title, line(&names))
    }

    fn json(&self) -> Value {
        let object = |row: &Vec<String>| {
            let named = self.columns.iter().zip(row);
            let cells = named.map(|(name, cell)| ((*name).to_owned(), json!(cell)));
            Value::Object(cells.collect::<Map<_, _>>())
        };
        let rows: Vec<Value> = self.rows.iter().map(object).collect();
        json!({ "title": self.title, "rows": rows })
    }
}
