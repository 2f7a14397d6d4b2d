//! One text with what is known about it.

/// A text to be judged, borrowed from its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document<'t> {
    /// The text; all offsets in reports are bytes of it.
    pub text: &'t str,
    /// Identifier of the record, if it has one.
    pub id: Option<&'t str>,
    /// Address the text was scraped from, if known.
    pub url: Option<&'t str>,
}

impl<'t> Document<'t> {
    /// Returns a document that has a text and nothing else.
    pub fn new(text: &'t str) -> Self {
        Self { text, id: None, url: None }
    }

    /// Returns the document with an identifier.
    pub fn with_id(mut self, id: &'t str) -> Self {
        self.id = Some(id);
        self
    }

    /// Returns the document with the address it came from.
    pub fn with_url(mut self, url: &'t str) -> Self {
        self.url = Some(url);
        self
    }
}

impl<'t> From<&'t str> for Document<'t> {
    fn from(text: &'t str) -> Self {
        Self::new(text)
    }
}
