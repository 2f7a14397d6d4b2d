//! One round over one text: rows, scores, sequence, pieces, decisions.

use crate::decode::Decoder;
use crate::features::brand::{self, BRAND_LIKE};
use crate::features::registry::Feature as F;
use crate::features::view::{LineView, Reading};
use crate::features::{FEATURE_COUNT, FEATURES, Place, Row, Summary, View, cues_of, fill_neighbours, first_pass_row};
use crate::label::{Class, Label};
use crate::model::Model;
use crate::model::brand::BrandTable;
use crate::model::linear::softmax;
use crate::normalize::Normalizer;
use crate::policy::{Policy, Preset};
use crate::report::{Action, Evidence, Finding, Probability, Verdict};
use crate::segment::Segmenter;
use crate::span::Span;

use super::LineExplanation;
use super::rest::{Rest, Section};

const CLASSES: usize = Class::COUNT;
const BOILERPLATE: usize = Class::Boilerplate as usize;
const SPAM: usize = Class::Spam as usize;

/// Reasons given for a finding, at most.
const MAX_REASONS: usize = 4;
/// Log-odds from which a feature is named as a reason.
const LEAST_REASON: f32 = 0.15;
/// Probability from which a line that is not removed is still reported.
const LEAST_REPORTED: f32 = 0.5;
/// Most nats by which the threshold of boilerplate falls in a whole page.
const PAGE_EASE: f32 = 1.5;
/// Probability from which a line is counted as sure to be boilerplate.
const PAGE_SURE: f32 = 0.8;
/// Fewest such lines of a whole page.
const PAGE_LINES: usize = 8;
/// Share of such lines from which thresholds begin to fall, and where they fall no further.
const PAGE_SHARE: (f32, f32) = (0.1, 0.35);
/// Fewest characters of sentences that are sure to be content in a line that goes only in part.
const KEPT_CHARS: u32 = 60;
/// Probability from which a piece is sure to be content.
const KEPT_SURE: f32 = 0.9;
/// Nats by which the threshold of boilerplate falls for a line that is, or begins with, a listed
/// phrase: a second witness beside the classifier.
const LISTED_EASE: f32 = 0.9;
/// How surely a line is in another language than its document for it to be foreign there.
const FOREIGN_LANGUAGE: f32 = 0.5;
/// Longest line whose pieces are looked at; longer ones are data, not paragraphs.
const MAX_PIECED_LINE: usize = 100_000;
/// Share of removed characters from which spam makes the whole document spam.
const SPAM_DOCUMENT_SHARE: f64 = 0.6;

/// Buffers that are reused from one text to the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) view: View,
    rows: Vec<Row>,
    logits: Vec<[f32; CLASSES]>,
    first: Vec<[f32; CLASSES]>,
    scores: Vec<[f32; CLASSES]>,
    messages: Vec<[f32; CLASSES]>,
    pieces: Vec<Span>,
    cues: Vec<u16>,
    looks: Vec<Look>,
    /// Nats by which the threshold of boilerplate is lowered in the text at hand.
    ease: f32,
}

/// What one round found.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) spam_probability: f32,
    pub(crate) findings: Vec<Finding>,
}

/// Which of the three calibrations and thresholds applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Line = 0,
    Piece = 1,
    Single = 2,
}

/// Log-odds given to plain prose, which is content without a closer look.
const PLAIN: [f32; CLASSES] = [0.0, -7.0, -7.0, -7.0];
/// Log-odds of the n-grams below which prose is plain; see `models/EXPERIMENTS.md`.
const PLAIN_BELOW: f32 = -2.0;
/// Fewest characters of a plain line.
const PLAIN_CHARS: u32 = 90;

/// Whether a line is running text that is content as a whole.
///
/// Most of a text is. Rows and scores of such lines would say what is known already; leaving
/// them out makes the detector several times as fast.
fn plain(model: &Model, line: &LineView) -> bool {
    if !line.prose || line.chars() < PLAIN_CHARS || line.copies > 1 {
        return false;
    }
    let logits = model.ngrams.logits(&line.sums);
    logits[1..].iter().all(|&logit| logit < PLAIN_BELOW)
}

/// Writes the first pass's rows and probabilities of all lines.
fn first_pass(model: &Model, text: &str, scratch: &mut Scratch) {
    let Scratch { view, rows, logits, first, looks, .. } = scratch;
    rows.clear();
    logits.clear();
    first.clear();
    looks.clear();
    let plain_probabilities = softmax(PLAIN);
    for (number, line) in view.lines.iter().enumerate() {
        let suspicious = match line.reading {
            Reading::Glance => false,
            Reading::Pieces => true,
            Reading::Folded => !line.glance.clear(view.main_script, &model.screen),
        };
        if line.reading != Reading::Folded || plain(model, line) && !line.stranger {
            looks.push(if suspicious { Look::PlainPieces } else { Look::Plain });
            rows.push([0.0; FEATURE_COUNT]);
            logits.push(PLAIN);
            first.push(plain_probabilities);
            continue;
        }
        looks.push(if suspicious { Look::Pieces } else { Look::Whole });
        rows.push([0.0; FEATURE_COUNT]);
        let row = &mut rows[number];
        first_pass_row(view, line, Place::line(text, number), model.resources(), row);
        let scores = model.first.logits(row);
        logits.push(scores);
        first.push(softmax(scores));
    }
}

/// How closely a line is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Not at all: plain prose.
    Plain,
    /// In pieces only: plain prose with something in it.
    PlainPieces,
    /// As a whole.
    Whole,
    /// As a whole and in pieces.
    Pieces,
}

/// Writes the second pass's rows and the probabilities of all lines.
fn second_pass(model: &Model, decoder: &Decoder, scratch: &mut Scratch) {
    let Scratch { view, rows, logits, first, scores, messages, looks, .. } = scratch;
    scores.clear();
    let summary = Summary::new(view, rows, first);
    for (number, row) in rows.iter_mut().enumerate() {
        if matches!(looks[number], Look::Plain | Look::PlainPieces) {
            scores.push(first[number]);
            continue;
        }
        fill_neighbours(view, number, &summary, logits[number], row);
        scores.push(model.second.probabilities(row));
    }
    decoder.decode(scores, messages);
}

/// Calibrates raw probabilities.
fn calibrate(model: &Model, scope: Scope, raw: [f32; CLASSES]) -> [f32; CLASSES] {
    let mut out: [f32; CLASSES] =
        std::array::from_fn(|class| model.calibration[scope as usize][class].apply(raw[class]));
    // Content is what the other classes leave.
    let junk: f32 = out[1..].iter().sum();
    if junk > 1.0 {
        for value in &mut out[1..] {
            *value /= junk;
        }
        out[0] = 0.0;
    } else {
        out[0] = 1.0 - junk;
    }
    out
}

/// A line or piece that is not content, before the document as a whole is looked at.
struct Candidate {
    finding: Finding,
    chars: u32,
    words: u32,
    prose: bool,
}

impl Candidate {
    fn is_spam_to_cut(&self) -> bool {
        self.finding.action == Action::Remove && self.finding.label.class() == Class::Spam
    }
}

/// Whether thresholds may fall; precision takes nothing but what is beyond doubt.
fn may_ease(policy: &Policy) -> bool {
    policy.preset_name() != Preset::Precision
}

/// How far the threshold of boilerplate falls: a text full of sure boilerplate is a whole page,
/// and what is in doubt there is more often furniture than in an article.
fn page_ease(model: &Model, scope: Scope, scores: &[[f32; CLASSES]]) -> f32 {
    if scores.len() < PAGE_LINES {
        return 0.0;
    }
    let calibration = model.calibration[scope as usize][BOILERPLATE];
    let sure = scores.iter().filter(|score| calibration.apply(score[BOILERPLATE]) >= PAGE_SURE).count();
    if sure < PAGE_LINES {
        return 0.0;
    }
    let share = sure as f32 / scores.len() as f32;
    PAGE_EASE * ((share - PAGE_SHARE.0) / (PAGE_SHARE.1 - PAGE_SHARE.0)).clamp(0.0, 1.0)
}

/// What the sections of a text add up to.
#[derive(Default)]
struct Whole {
    candidates: Vec<Candidate>,
    spam_probability: f32,
    chars: u64,
    prose_chars: u64,
    /// Whether there is a line that is too long to be read.
    unread: bool,
}

/// Judges what is left of a text once.
pub(crate) fn judge(model: &Model, policy: &Policy, rest: &Rest<'_>, scratch: &mut Scratch) -> Judgement {
    let mut whole = Whole::default();
    for section in rest.sections() {
        match &section.text {
            Some(text) => judge_section(model, policy, &section, text, scratch, &mut whole),
            None => whole.unread = true,
        }
    }
    conclude(policy, whole)
}

/// Gives every line of a section its probabilities.
fn score(model: &Model, policy: &Policy, section: &Section<'_>, text: &str, scratch: &mut Scratch) -> Scope {
    scratch.view.load(text, model.resources(), false);
    first_pass(model, text, scratch);
    second_pass(model, &model.decoder, scratch);
    // A text of one line is judged as that, and a section of one line as a line of its text.
    let scope = if section.alone && scratch.view.lines.len() == 1 { Scope::Single } else { Scope::Line };
    scratch.ease = if may_ease(policy) { page_ease(model, scope, &scratch.scores) } else { 0.0 };
    scope
}

fn judge_section(
    model: &Model,
    policy: &Policy,
    section: &Section<'_>,
    text: &str,
    scratch: &mut Scratch,
    whole: &mut Whole,
) {
    let scope = score(model, policy, section, text, scratch);
    whole.chars += scratch.view.chars;
    whole.prose_chars += scratch.view.prose_chars;
    let Whole { candidates, spam_probability, .. } = whole;
    let known = candidates.len();
    for number in 0..scratch.view.lines.len() {
        let probabilities = calibrate(model, scope, scratch.scores[number]);
        *spam_probability = spam_probability.max(probabilities[SPAM]);
        let whole = judge_line(model, policy, scope, number, probabilities, scratch);
        let foreign = scope == Scope::Line && is_foreign(&scratch.rows[number]);
        if scope == Scope::Line && !foreign && whole.as_ref().is_some_and(Candidate::is_spam_to_cut) {
            // An article's sentences in front of a promo must not go with it.
            let before = candidates.len();
            let kept = judge_pieces(model, policy, text, number, scratch, candidates);
            if candidates.len() > before && kept >= KEPT_CHARS {
                continue;
            }
            candidates.truncate(before);
        }
        if !whole.as_ref().is_some_and(|whole| whole.finding.action == Action::Remove) {
            let before = candidates.len();
            judge_pieces(model, policy, text, number, scratch, candidates);
            if candidates.len() > before {
                // What is found inside the line stands for the line.
                if let Some(line) = whole_of(&scratch.view.lines[number], foreign, &candidates[before..]) {
                    candidates.truncate(before);
                    candidates.push(line);
                }
                let spam = candidates[before..].iter().filter(|piece| piece.finding.label.class() == Class::Spam);
                *spam_probability = spam.map(|piece| piece.finding.score.get()).fold(*spam_probability, f32::max);
                continue;
            }
        }
        candidates.extend(whole);
    }
    draw_in_lines(policy, &scratch.view.lines, &mut candidates[known..]);
    for candidate in &mut candidates[known..] {
        candidate.finding.span = section.span(candidate.finding.span);
    }
}

/// Whether a line is in another language or script than its document: it came in as a whole.
fn is_foreign(row: &Row) -> bool {
    row[F::OtherLanguage as usize] >= FOREIGN_LANGUAGE || row[F::ScriptMismatch as usize] > 0.0
}

/// Most characters and words that are left beside a piece when it stands for the line.
const FRAME_CHARS: u32 = 16;
const FRAME_WORDS: u32 = 2;

/// The line as one finding if its pieces leave nothing of it but a frame: `By`, `Author:`, a
/// bullet. A frame around nothing would be new junk. Of a line that is foreign to its document, half
/// is enough.
fn whole_of(line: &LineView, foreign: bool, pieces: &[Candidate]) -> Option<Candidate> {
    let best = pieces.iter().max_by(|one, two| one.finding.score.get().total_cmp(&two.finding.score.get()))?;
    let cut: u32 = pieces.iter().map(|piece| piece.chars).sum();
    let left = line.chars().saturating_sub(cut);
    let words: u32 = pieces.iter().map(|piece| piece.words).sum();
    let frame = left <= FRAME_CHARS && left <= cut && line.stats.words.saturating_sub(words) <= FRAME_WORDS;
    let spam = best.finding.label.class() == Class::Spam;
    (spam && (frame && !line.prose || foreign && left <= cut)).then(|| Candidate {
        finding: Finding { span: line.body, ..best.finding.clone() },
        chars: line.chars(),
        words: line.stats.words,
        prose: false,
    })
}

/// What a line is as a whole, if it is not content.
fn judge_line(
    model: &Model,
    policy: &Policy,
    scope: Scope,
    number: usize,
    probabilities: [f32; CLASSES],
    scratch: &mut Scratch,
) -> Option<Candidate> {
    let ease = scratch.ease;
    let least = eased(LEAST_REPORTED, ease);
    let class = winner(probabilities, least)?;
    let Scratch { view, rows, cues, .. } = scratch;
    let line = &view.lines[number];
    let symbols = (line.from, line.to);
    let finding =
        name(model, policy, (scope, ease), class, probabilities, line.body, symbols, &rows[number], view, cues);
    Some(Candidate { finding, chars: line.chars(), words: line.stats.words, prose: line.prose })
}

/// The class of a line that is more likely junk or byline than content.
fn winner(probabilities: [f32; CLASSES], least: f32) -> Option<Class> {
    if 1.0 - probabilities[0] < least {
        return None;
    }
    let best = (1..CLASSES).max_by(|&one, &two| probabilities[one].total_cmp(&probabilities[two]))?;
    Some(Class::ALL[best])
}

/// A probability with its log-odds lowered.
fn eased(probability: f32, nats: f32) -> f32 {
    if nats == 0.0 || probability <= 0.0 || probability >= 1.0 {
        return probability;
    }
    1.0 / (1.0 + ((1.0 - probability) / probability) * nats.exp())
}

/// Names the kind of a finding, gives reasons, and asks the policy.
#[allow(clippy::too_many_arguments)]
fn name(
    model: &Model,
    policy: &Policy,
    (scope, ease): (Scope, f32),
    class: Class,
    probabilities: [f32; CLASSES],
    span: Span,
    symbols: (usize, usize),
    row: &Row,
    view: &View,
    cues: &mut Vec<u16>,
) -> Finding {
    cues_of(row, cues);
    let (label, _) = model.kind_of(class, &view.symbols[symbols.0..symbols.1], cues);
    let thresholds = model.thresholds(policy.preset_name());
    let listed = row[F::PhraseStart as usize] > 0.0 || row[F::PhraseWhole as usize] > 0.0;
    let ease = if listed && may_ease(policy) { ease + LISTED_EASE } else { ease };
    let limit = |class: usize| {
        let limit = match scope {
            Scope::Line => thresholds.line[class],
            Scope::Piece => thresholds.piece[class],
            Scope::Single => thresholds.single[class],
        };
        policy.raised(if class == BOILERPLATE { eased(limit, ease) } else { limit })
    };
    let own = probabilities[class.index()];
    // Junk of either class is junk: a footer that might be spam goes all the same.
    let junk = probabilities[BOILERPLATE] + probabilities[SPAM];
    let sure = match policy.threshold(label) {
        Some(threshold) => own >= policy.raised(threshold),
        None => own >= limit(class.index()) || class != Class::Byline && junk >= limit(BOILERPLATE).max(limit(SPAM)),
    };
    let action = if sure && policy.removes(label) { Action::Remove } else { Action::Keep };
    let reasons = reasons(model, scope, class, row);
    Finding { span, label, score: Probability::new(own), action, reasons }
}

/// The features that spoke most for a class, strongest first.
fn reasons(model: &Model, scope: Scope, class: Class, row: &Row) -> Vec<Evidence> {
    let own = [F::OwnByline as usize, F::OwnBoilerplate as usize, F::OwnSpam as usize];
    let classifier = if scope == Scope::Piece { &model.piece } else { &model.second };
    let (slopes, shares) = classifier.shares(row, class);
    let mut found: Vec<Evidence> = Vec::new();
    for (index, (&value, &share)) in row.iter().zip(&shares).enumerate() {
        if value == 0.0 || own.contains(&index) {
            continue;
        }
        let mut weight = share;
        if scope != Scope::Piece && index < model.first.len() {
            // The second pass reads the first one's log-odds: its features share their weight.
            for (own, of) in own.into_iter().zip(&Class::ALL[1..]) {
                let distance = value - classifier.network().mean(index);
                weight += slopes[own] / 4.0 * distance * model.first.slope(index, *of);
            }
        }
        if weight >= LEAST_REASON {
            found.push(Evidence { code: FEATURES[index].code, weight });
        }
    }
    found.sort_by(|one, two| two.weight.total_cmp(&one.weight));
    found.truncate(MAX_REASONS);
    found
}

/// Characters at the end of a line that are searched for a brand.
const TAIL_CHARS: usize = 60;

/// The pieces of a line: sentences and links, and a brand at the end as a piece of its own.
pub(crate) fn pieces_of(brands: &BrandTable, text: &str, body: Span, out: &mut Vec<Span>) {
    out.clear();
    Segmenter.pieces(text, body, out);
    let Some(&last) = out.last() else { return };
    // Only its end matters.
    let piece = last.of(text);
    let cut = piece.char_indices().rev().nth(TAIL_CHARS).map_or(0, |(at, _)| at);
    let (last_start, piece) = (last.start() + cut, &piece[cut..]);
    if !brand::may_end(piece, brands) {
        return;
    }
    let mut symbols = Vec::new();
    let (base, _) = Normalizer.fold(piece, &mut symbols);
    let found = brand::look(&symbols[..base], brands);
    let (from, to) = found.best_at;
    let at_end = to > from && !symbols[to..base].iter().any(|&symbol| symbol.is_ascii_alphanumeric() || symbol >= 0x80);
    if found.best >= BRAND_LIKE && at_end && from > 0 && symbols[from - 1] == b' ' {
        let at = last_start + Normalizer.byte_offset(piece, from);
        // A word or two behind a sentence belong to the brand.
        let head = &text[last.start()..at.max(last.start())];
        let own = out.len() > 1
            && head.chars().count() <= FRAME_CHARS as usize
            && head.split_whitespace().count() <= FRAME_WORDS as usize
            && head.trim_end().ends_with(char::is_alphanumeric);
        if at > last.start() && at < last.end() && !own {
            out.pop();
            out.push(Span::new(last.start(), at));
            out.push(Span::new(at, last.end()));
        }
    }
}

/// Looks for junk inside a line; returns how many characters of it are sure to be content.
fn judge_pieces(
    model: &Model,
    policy: &Policy,
    text: &str,
    number: usize,
    scratch: &mut Scratch,
    out: &mut Vec<Candidate>,
) -> u32 {
    let line = &scratch.view.lines[number];
    let body = line.body;
    if body.byte_len() > MAX_PIECED_LINE
        || line.chars() < 12
        || !matches!(scratch.looks[number], Look::Pieces | Look::PlainPieces)
    {
        return 0;
    }
    // A comment often ends so.
    let trails = line.glance.trails && scratch.view.lines.len() > 1;
    let mut kept = 0;
    let mut pieces = std::mem::take(&mut scratch.pieces);
    pieces_of(&model.brands, text, body, &mut pieces);
    if pieces.len() > 1 {
        let mut judged = Vec::with_capacity(pieces.len());
        for (place, &piece) in pieces.iter().enumerate() {
            let trimmed = trim(text, piece);
            if trimmed.is_empty() {
                continue;
            }
            let trailing = trails && place + 1 == pieces.len();
            let piece = judge_piece(model, policy, text, (number, body), trimmed, trailing, scratch);
            if piece.junk <= 1.0 - KEPT_SURE {
                kept += piece.chars;
            }
            judged.push(piece);
        }
        draw_in(policy, text, &mut judged);
        out.extend(joined_pieces(text, judged));
    }
    scratch.pieces = pieces;
    kept
}

/// A piece of a line.
struct Piece {
    span: Span,
    chars: u32,
    words: u32,
    /// Probability that it is junk.
    junk: f32,
    /// What is removed of it: all, or nothing.
    removal: Option<Finding>,
}

/// Judges a piece; one with nothing in it is content without a closer look, unless that is wanted.
fn judge_piece(
    model: &Model,
    policy: &Policy,
    text: &str,
    (number, body): (usize, Span),
    span: Span,
    closely: bool,
    scratch: &mut Scratch,
) -> Piece {
    let mut row = [0.0; FEATURE_COUNT];
    let keep = scratch.view.held();
    let mut line = LineView::piece(text, span, model.resources(), &mut scratch.view.keys);
    if !closely && line.glance.clear(scratch.view.main_script, &model.screen) {
        scratch.view.forget(keep);
        return Piece { span, chars: line.glance.chars, words: line.glance.words, junk: 0.0, removal: None };
    }
    scratch.view.fold_piece(text, &mut line, &model.ngrams);
    let place = Place::piece(text, number, joined(text, body, span));
    first_pass_row(&scratch.view, &line, place, model.resources(), &mut row);
    let probabilities = calibrate(model, Scope::Piece, model.piece.probabilities(&row));
    let class = winner(probabilities, LEAST_REPORTED).filter(|&class| class != Class::Byline);
    let finding = class.map(|class| {
        name(
            model,
            policy,
            (Scope::Piece, 0.0),
            class,
            probabilities,
            span,
            (line.from, line.to),
            &row,
            &scratch.view,
            &mut scratch.cues,
        )
    });
    scratch.view.forget(keep);
    Piece {
        span,
        chars: line.chars(),
        words: line.stats.words,
        junk: 1.0 - probabilities[0],
        removal: finding.filter(|finding| finding.action == Action::Remove),
    }
}

/// Probability from which a line or piece goes with the spam beside it: what is put in is put in in
/// one go (hysteresis thresholding, Canny 1986).
const DRAWN_IN: f32 = 0.5;

/// Lets lines that surely go draw in the lines beside them that are so more likely than not and are no
/// running text: spam draws in spam, page furniture what is of its kind, as the items of a list.
fn draw_in_lines(policy: &Policy, lines: &[LineView], candidates: &mut [Candidate]) {
    if !may_ease(policy) {
        return;
    }
    let least = policy.raised(DRAWN_IN);
    let removed = |candidate: &Candidate| candidate.finding.action == Action::Remove;
    let sure: Vec<bool> = candidates.iter().map(removed).collect();
    let line_of = |candidate: &Candidate| {
        let span = candidate.finding.span;
        let number = lines.partition_point(|line| line.body.start() < span.start());
        lines.get(number).filter(|line| line.body == span).map(|_| number)
    };
    let mut draw = |at: usize, beside: usize| {
        let (own, other) = (&candidates[at], &candidates[beside]);
        let near = line_of(own).zip(line_of(other)).is_some_and(|(own, other)| own.abs_diff(other) == 1);
        let (finding, label) = (&own.finding, other.finding.label);
        let alike = match finding.label.class() {
            Class::Spam => label.class() == Class::Spam,
            Class::Boilerplate => label == finding.label,
            Class::Content | Class::Byline => false,
        };
        let likely = alike && finding.score.get() >= least;
        let free = policy.removes(finding.label) && policy.threshold(finding.label).is_none();
        if near && likely && free && sure[beside] && !own.prose {
            candidates[at].finding.action = Action::Remove;
        }
    };
    for at in 1..sure.len() {
        draw(at, at - 1);
        draw(at - 1, at);
    }
}

/// Lets pieces of a line that are spam draw in the pieces beside them that are junk more likely than
/// not, or hold no letter, as the number of an item.
fn draw_in(policy: &Policy, text: &str, pieces: &mut [Piece]) {
    let least = policy.raised(DRAWN_IN);
    let last = pieces.len().saturating_sub(1);
    let mut draw = |at: usize, beside: usize| {
        let bare = !pieces[at].span.of(text).contains(char::is_alphabetic);
        if pieces[at].removal.is_some() || !bare && pieces[at].junk < least {
            return;
        }
        let spam = pieces[beside].removal.as_ref().filter(|finding| finding.label.class() == Class::Spam);
        let drawn = spam.map(|finding| Finding { span: pieces[at].span, ..finding.clone() });
        pieces[at].removal = drawn;
    };
    (0..last).for_each(|at| draw(at + 1, at));
    (0..last).rev().for_each(|at| draw(at, at + 1));
}

/// What is removed of a line; neighbouring pieces of one label are one finding.
fn joined_pieces(text: &str, pieces: Vec<Piece>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for Piece { chars, words, removal, .. } in pieces {
        let Some(finding) = removal else { continue };
        match found.last_mut() {
            Some(last)
                if last.finding.label == finding.label
                    && blank(text, last.finding.span.end(), finding.span.start()) =>
            {
                last.finding.span = Span::new(last.finding.span.start(), finding.span.end());
                last.chars += chars;
                last.words += words;
                if finding.score > last.finding.score {
                    last.finding.score = finding.score;
                }
            }
            _ => found.push(Candidate { finding, chars, words, prose: false }),
        }
    }
    found
}

/// Whether a sentence runs on from what stands before a piece of a line, and from the piece into
/// what stands behind it.
pub(crate) fn joined(text: &str, body: Span, piece: Span) -> (bool, bool) {
    let runs_on = |sign: char| sign.is_alphanumeric() || matches!(sign, ',' | ';' | '(' | '\u{60c}' | '\u{3001}' | '-');
    let before = text[body.start()..piece.start()].trim_end().chars().next_back();
    let behind = text[piece.end()..body.end()].trim_start().chars().next();
    let last = piece.of(text).chars().next_back();
    (before.is_some_and(runs_on), behind.is_some() && last.is_some_and(runs_on))
}

fn blank(text: &str, from: usize, to: usize) -> bool {
    text[from..to].chars().all(char::is_whitespace)
}

fn trim(text: &str, span: Span) -> Span {
    let part = span.of(text);
    let lead = part.len() - part.trim_start().len();
    Span::new(span.start() + lead, span.start() + lead + part.trim().len())
}

/// The verdict, and the damage guard.
fn conclude(policy: &Policy, whole: Whole) -> Judgement {
    let Whole { candidates, spam_probability, chars, prose_chars, unread } = whole;
    let mut removed = 0u64;
    let mut removed_prose = 0u64;
    let mut spam = 0u64;
    let mut doubt = unread;
    for candidate in &candidates {
        let finding = &candidate.finding;
        let class = finding.label.class();
        if finding.action == Action::Remove {
            removed += u64::from(candidate.chars);
            removed_prose += if candidate.prose { u64::from(candidate.chars) } else { 0 };
            if class == Class::Spam {
                spam += u64::from(candidate.chars);
            }
        } else if class != Class::Byline && policy.removes(finding.label) {
            doubt = true;
        }
    }
    let mut findings: Vec<Finding> = candidates.into_iter().map(|candidate| candidate.finding).collect();
    let total = chars.max(1) as f64;
    let spam_document = spam as f64 / total >= SPAM_DOCUMENT_SHARE;
    let article = if prose_chars > 0 { removed_prose as f64 / prose_chars as f64 } else { removed as f64 / total };
    let too_much = !spam_document && article > f64::from(policy.max_loss_share());
    let verdict = if too_much {
        for finding in &mut findings {
            finding.action = Action::Keep;
        }
        Verdict::Unsure
    } else if spam_document {
        Verdict::Spam
    } else if removed > 0 {
        Verdict::Dirty
    } else if doubt {
        Verdict::Unsure
    } else {
        Verdict::Ok
    };
    Judgement { verdict, spam_probability, findings }
}

/// Explains every line of a text, but for those that are too long to be read.
pub(crate) fn explain(model: &Model, policy: &Policy, text: &str, scratch: &mut Scratch) -> Vec<LineExplanation> {
    let mut lines = Vec::new();
    for section in Rest::whole(text).sections() {
        let Some(text) = &section.text else { continue };
        let scope = score(model, policy, &section, text, scratch);
        lines.extend((0..scratch.view.lines.len()).map(|number| {
            let probabilities = calibrate(model, scope, scratch.scores[number]);
            let body = scratch.view.lines[number].body;
            let finding = judge_line(model, policy, scope, number, probabilities, scratch).map(|found| found.finding);
            LineExplanation {
                span: section.span(body),
                label: finding.as_ref().map_or(Label::Content, |finding| finding.label),
                probabilities: probabilities.map(Probability::new),
                action: finding.as_ref().map(|finding| finding.action),
                reasons: finding.map(|finding| finding.reasons).unwrap_or_default(),
            }
        }));
    }
    lines
}
