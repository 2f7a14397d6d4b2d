//! What a line of a scraped article is: `content`, `boilerplate/<kind>` or `spam/<kind>`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The four classes the line classifier tells apart.
///
/// Bylines are a class of their own because the default policy keeps them:
/// mixed with other boilerplate they would blur its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// The article itself.
    Content = 0,
    /// Author, date, agency, tags on a line of their own.
    Byline = 1,
    /// Text that the publisher or the page template put round the article.
    Boilerplate = 2,
    /// Promotion or deception placed by a third party.
    Spam = 3,
}

impl Class {
    /// Number of classes.
    pub const COUNT: usize = 4;
    /// All classes in index order.
    pub const ALL: [Self; Self::COUNT] = [Self::Content, Self::Byline, Self::Boilerplate, Self::Spam];

    /// Position in [`Class::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

macro_rules! labels {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $class:ident;)+) => {
        /// One label of a line or span.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Label { $($(#[doc = $doc])+ $name,)+ }

        impl Label {
            /// All labels in index order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The label as written in data and reports, `class` or `class/kind`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The class the line classifier works with.
            pub fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)+ }
            }

            /// What the label covers, one sentence.
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }

        impl FromStr for Label {
            type Err = ParseLabelError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$name),)+
                    _ => Err(ParseLabelError { text: text.to_owned() }),
                }
            }
        }
    };
}

labels! {
    /// The article itself.
    Content = "content", Content;
    /// Menus, breadcrumbs, pagination, log-in, search, section names alone.
    Navigation = "boilerplate/navigation", Boilerplate;
    /// Pointers to other articles.
    Related = "boilerplate/related", Boilerplate;
    /// Share, like, follow and join prompts.
    Share = "boilerplate/share", Boilerplate;
    /// Newsletter, app, push, membership, paywall and donation pitches.
    Subscribe = "boilerplate/subscribe", Boilerplate;
    /// Copyright, cookie and privacy notices, terms, disclaimers.
    Legal = "boilerplate/legal", Boilerplate;
    /// Author, editor, agency, date, photo credit, location, tags alone on a line.
    Byline = "boilerplate/byline", Byline;
    /// Advertisement markers and first-party promotion.
    Advert = "boilerplate/advert", Boilerplate;
    /// Comment forms, counts, prompts and rules.
    Comments = "boilerplate/comments", Boilerplate;
    /// What extraction leaves behind: widget errors, shortcodes, script fragments.
    Residue = "boilerplate/residue", Boilerplate;
    /// Casino, slot, lottery, betting and poker promotion.
    Gambling = "spam/gambling", Spam;
    /// Escort, porn, cam and dating promotion.
    Adult = "spam/adult", Spam;
    /// Pills, potency, weight-loss and miracle-cure promotion.
    Pharma = "spam/pharma", Spam;
    /// Loans, forex, crypto, trading robots, get-rich offers.
    Finance = "spam/finance", Spam;
    /// Replica, counterfeit, ticket and product-dump promotion.
    Goods = "spam/goods", Spam;
    /// Essay mills, followers, backlinks, hacking, visas, fake documents.
    Services = "spam/services", Spam;
    /// Cracked software, mod APKs, illegal streaming, torrents.
    Download = "spam/download", Spam;
    /// Prizes, phishing, impersonation, contact lures, any other promotional injection.
    Scam = "spam/scam", Spam;
}

impl Label {
    /// Number of labels.
    pub const COUNT: usize = Self::ALL.len();

    /// Position in [`Label::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether the label belongs to the article and is never removed.
    pub fn is_content(self) -> bool {
        self == Self::Content
    }

    /// The part before the slash: `content`, `boilerplate` or `spam`.
    pub fn group(self) -> &'static str {
        self.as_str().split('/').next().unwrap_or_default()
    }

    /// The part after the slash, if any.
    pub fn kind(self) -> Option<&'static str> {
        self.as_str().split_once('/').map(|(_, kind)| kind)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A string that names no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown label \"{text}\": use content, boilerplate/<kind> or spam/<kind>")]
pub struct ParseLabelError {
    text: String,
}

/// A set of labels, as policies name them: `spam/*`, `boilerplate/*`, `spam/gambling`, `spam`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LabelSet(u32);

impl LabelSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// Returns the set with `label` added.
    pub fn with(self, label: Label) -> Self {
        Self(self.0 | 1 << label.index())
    }

    /// Returns the set without `label`.
    pub fn without(self, label: Label) -> Self {
        Self(self.0 & !(1 << label.index()))
    }

    /// Returns the labels that are in either set.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the labels of `self` that are not in `other`.
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `label` is in the set.
    pub fn contains(self, label: Label) -> bool {
        self.0 >> label.index() & 1 == 1
    }

    /// Whether the set has no label.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The labels of the set in index order.
    pub fn iter(self) -> impl Iterator<Item = Label> {
        Label::ALL.iter().copied().filter(move |&label| self.contains(label))
    }

    /// Parses a comma-separated list of labels, `group` or `group/*` patterns.
    ///
    /// # Errors
    /// If a part names no label, or names `content`, which is never removed.
    pub fn parse(list: &str) -> Result<Self, ParseLabelError> {
        let mut set = Self::EMPTY;
        for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let group = part.strip_suffix("/*").unwrap_or(part);
            let mut found = false;
            for &label in Label::ALL {
                if !label.is_content() && (label.group() == group || label.as_str() == part) {
                    set = set.with(label);
                    found = true;
                }
            }
            if !found {
                return Err(ParseLabelError { text: part.to_owned() });
            }
        }
        Ok(set)
    }
}
