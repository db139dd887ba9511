//! Which column is meant.

/// A column of a recording, as a projection refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnRef {
    /// Its name; the names of the objects on the way to it and its own, where the recording nests them.
    pub path: Vec<String>,
    /// Its name where the path may be one name with dots in it, which then counts first.
    pub whole: Option<String>,
    /// Its place in recordings with fixed columns; elsewhere its place in the first record.
    pub index: usize,
}

impl ColumnRef {
    /// The column called `name`.
    pub fn column(name: impl Into<String>, index: usize) -> Self {
        Self { path: vec![name.into()], whole: None, index }
    }

    /// The field that the names of `path` lead to.
    pub fn nested(path: Vec<String>, index: usize) -> Self {
        Self { path, whole: None, index }
    }

    /// The field called `text`, or the one that the names between its dots lead to.
    pub fn dotted(text: &str, index: usize) -> Self {
        let path: Vec<String> = text.split('.').map(Into::into).collect();
        let whole = (path.len() > 1).then(|| text.into());
        Self { path, whole, index }
    }

    /// The name it has when it is not renamed.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}
