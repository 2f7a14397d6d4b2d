//! Facts about a finding that help to name its kind, as small numbers.

use crate::features::Row;
use crate::features::registry::Feature as F;

/// Features that are cues when they are above zero.
const FLAGS: &[F] = &[
    F::Url,
    F::BareDomain,
    F::Anchor,
    F::Markup,
    F::Email,
    F::Handle,
    F::Phone,
    F::Messenger,
    F::Shortener,
    F::Copyright,
    F::FileName,
    F::MostlyDate,
    F::NoLetters,
    F::Bracketed,
    F::EndsColon,
    F::StartsArrow,
    F::BehindBody,
    F::BeforeBody,
    F::InsideBody,
    F::OneWord,
    F::TwoWords,
    F::LengthLong,
    F::Length320,
    F::Length160,
    F::BrandOnly,
    F::BrandMixed,
    F::Disguise,
    F::Money,
    F::Pipes,
    F::SimilarBefore,
    F::AllCapitals,
];

/// Appends the cues of a row to `out`.
pub(crate) fn cues_of(row: &Row, out: &mut Vec<u16>) {
    out.clear();
    for feature in F::PhraseNavigation as usize..=F::PhraseScam as usize {
        if row[feature] > 0.0 {
            // Phrase lists are the surest cue of all and are heard twice.
            out.push(feature as u16);
            out.push(1000 + feature as u16);
        }
    }
    out.extend(FLAGS.iter().filter(|&&feature| row[feature as usize] > 0.0).map(|&feature| feature as u16));
    let level = (row[F::BrandBest as usize] * 4.0).min(6.0) as u16;
    out.push(2000 + level);
    if row[F::BrandPlainWord as usize] > 0.25 {
        out.push(2010);
    }
}
