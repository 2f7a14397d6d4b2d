//! The model file: one line of JSON, a line with its checksum, then sections of little-endian
//! numbers.
//!
//! The header names the format, the feature schema, the labels and every section with its
//! length and checksum. It is checked in that order, each failure is its own error, and
//! arbitrary bytes never panic. No type of the training libraries is stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::Decoder;
use crate::error::ModelError;
use crate::features::links::LinkFinder;
use crate::features::phrase::PhraseSet;
use crate::features::registry::FIRST_PASS_COUNT;
use crate::features::{FEATURE_COUNT, schema_digest};
use crate::label::{Class, Label};
use crate::model::brand::BrandTable;
use crate::model::classifier::Classifier;
use crate::model::forest::{Forest, Node, Tree};
use crate::model::kind::{KINDS, KindTable};
use crate::model::language::{self, LANGUAGES, LanguageTable};
use crate::model::linear::LinearModel;
use crate::model::network::{Network, UNITS};
use crate::model::ngram::{self, NgramTable};
use crate::model::screen::{self, Screen};
use crate::model::{Calibration, Model, Thresholds};
use crate::policy::Preset;

const MAGIC: &str = "unspam-model";
const FORMAT: u32 = 2;
const OLDEST: u32 = 2;
/// Longest header that is read; a real one has some kilobytes.
const MAX_HEADER: usize = 1 << 20;
/// Eight hexadecimal digits and a line break: the CRC-32 of the header line.
const CHECKSUM_LINE: usize = 9;

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    magic: String,
    format: u32,
    name: String,
    schema: String,
    labels: Vec<String>,
    sections: Vec<Section>,
    #[serde(default)]
    training: Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct Section {
    name: String,
    bytes: u64,
    crc32: u32,
}

/// The parts of a model that are stored.
#[derive(Debug)]
pub(crate) struct ModelParts<'a> {
    pub(crate) name: &'a str,
    pub(crate) training: Value,
    pub(crate) screen: &'a Screen,
    pub(crate) ngrams: &'a NgramTable,
    pub(crate) kinds: &'a [KindTable; 2],
    pub(crate) brands: &'a BrandTable,
    pub(crate) languages: &'a LanguageTable,
    pub(crate) phrases: &'a PhraseSet,
    pub(crate) first: &'a LinearModel,
    pub(crate) second: &'a Classifier,
    pub(crate) piece: &'a Classifier,
    pub(crate) decoder: &'a Decoder,
    pub(crate) calibration: &'a [[Calibration; Class::COUNT]; 3],
    pub(crate) thresholds: &'a [Thresholds; Preset::ALL.len()],
}

/// Returns the bytes of a model file.
pub(crate) fn write_model(parts: ModelParts<'_>) -> Vec<u8> {
    let mut sections: Vec<(String, Vec<u8>)> = Vec::new();
    let mut screen = Encoder::default();
    screen.u32(parts.screen.drift() as u32).u32(parts.screen.limit() as u32).u32(parts.screen.last_limit() as u32);
    screen.bytes.extend(parts.screen.weights().iter().map(|&weight| weight as u8));
    sections.push(("screen".to_owned(), screen.bytes));
    let mut ngrams = Encoder::default();
    ngrams.f32(parts.ngrams.scale()).f32s(&parts.ngrams.bias());
    for &packed in parts.ngrams.weights() {
        ngrams.u32(packed);
    }
    sections.push(("ngrams".to_owned(), ngrams.bytes));
    for (name, table) in ["kinds-boilerplate", "kinds-spam"].into_iter().zip(parts.kinds) {
        let mut kinds = Encoder::default();
        kinds.u32(table.bits()).f32(table.scale()).f32s(&table.bias());
        kinds.bytes.extend(table.weights().iter().flatten().map(|&weight| weight as u8));
        sections.push((name.to_owned(), kinds.bytes));
    }
    let mut brands = Encoder::default();
    brands.u32(parts.brands.bits()).f32(parts.brands.scale()).f32(parts.brands.bias());
    brands.bytes.extend(parts.brands.weights().iter().map(|&weight| weight as u8));
    sections.push(("brands".to_owned(), brands.bytes));
    let mut languages = Encoder::default();
    languages.f32(parts.languages.scale());
    languages.bytes.extend(parts.languages.weights().map(|weight| weight as u8));
    sections.push(("languages".to_owned(), languages.bytes));
    sections.push(("phrases".to_owned(), parts.phrases.encode()));
    let mut first = Encoder::default();
    first.linear(parts.first);
    sections.push(("first".to_owned(), first.bytes));
    for (name, model) in [("second", parts.second), ("piece", parts.piece)] {
        let mut classifier = Encoder::default();
        classifier.network(model.network());
        classifier.forest(model.forest());
        sections.push((name.to_owned(), classifier.bytes));
    }
    let mut decoder = Encoder::default();
    decoder.f32(parts.decoder.strength()).f32(parts.decoder.cap());
    for row in parts.decoder.transitions() {
        decoder.f32s(&row);
    }
    sections.push(("decoder".to_owned(), decoder.bytes));
    let mut decisions = Encoder::default();
    for calibration in parts.calibration.iter().flatten() {
        decisions.f32(calibration.slope).f32(calibration.offset);
    }
    for thresholds in parts.thresholds {
        decisions.f32s(&thresholds.line).f32s(&thresholds.piece).f32s(&thresholds.single);
    }
    sections.push(("decisions".to_owned(), decisions.bytes));

    let header = Header {
        magic: MAGIC.to_owned(),
        format: FORMAT,
        name: parts.name.to_owned(),
        schema: schema_digest(),
        labels: Label::ALL.iter().map(|label| label.as_str().to_owned()).collect(),
        sections: sections
            .iter()
            .map(|(name, bytes)| Section {
                name: name.clone(),
                bytes: bytes.len() as u64,
                crc32: crc32fast::hash(bytes),
            })
            .collect(),
        training: parts.training,
    };
    let mut out = serde_json::to_vec(&header).unwrap_or_default();
    let checksum = crc32fast::hash(&out);
    out.extend(format!("\n{checksum:08x}\n").into_bytes());
    for (_, bytes) in sections {
        out.extend(bytes);
    }
    out
}

/// Reads a model file.
pub(crate) fn read_model(bytes: &[u8]) -> Result<Model, ModelError> {
    let not = |reason: &str| ModelError::NotAModel { reason: reason.to_owned() };
    let end = memchr::memchr(b'\n', &bytes[..bytes.len().min(MAX_HEADER)]).ok_or_else(|| not("no header line"))?;
    let line = std::str::from_utf8(&bytes[..end]).map_err(|_| not("the header is not UTF-8"))?;
    let value: Value = serde_json::from_str(line).map_err(|_| not("the header is not JSON"))?;
    if value.get("magic").and_then(Value::as_str) != Some(MAGIC) {
        return Err(not("the header does not say unspam-model"));
    }
    let format = value.get("format").and_then(Value::as_u64).unwrap_or(0).min(u64::from(u32::MAX)) as u32;
    if !(OLDEST..=FORMAT).contains(&format) {
        return Err(ModelError::Format { found: format, min: OLDEST, max: FORMAT });
    }
    let behind = &bytes[end + 1..];
    let Some((checksum, b'\n')) =
        behind.get(..CHECKSUM_LINE).and_then(|line| line.split_last()).map(|(last, line)| (line, *last))
    else {
        let found = behind.len().min(CHECKSUM_LINE) as u64;
        return Err(ModelError::Truncated { section: "header".to_owned(), needed: CHECKSUM_LINE as u64, found });
    };
    let found = crc32fast::hash(line.as_bytes());
    let expected = std::str::from_utf8(checksum).ok().and_then(|text| u32::from_str_radix(text, 16).ok());
    if expected != Some(found) {
        return Err(ModelError::Checksum { section: "header".to_owned(), expected: expected.unwrap_or(0), found });
    }
    let header: Header = serde_json::from_value(value).map_err(ModelError::malformed)?;
    if header.schema != schema_digest() {
        return Err(ModelError::Schema { found: header.schema, expected: schema_digest() });
    }
    if !header.labels.iter().map(String::as_str).eq(Label::ALL.iter().map(|label| label.as_str())) {
        return Err(ModelError::Labels { found: header.labels.join(" ") });
    }
    let mut rest = &behind[CHECKSUM_LINE..];
    let mut sections = Vec::new();
    for section in &header.sections {
        let found = rest.len() as u64;
        if section.bytes > found {
            return Err(ModelError::Truncated { section: section.name.clone(), needed: section.bytes, found });
        }
        let (body, behind) = rest.split_at(section.bytes as usize);
        let checksum = crc32fast::hash(body);
        if checksum != section.crc32 {
            return Err(ModelError::Checksum {
                section: section.name.clone(),
                expected: section.crc32,
                found: checksum,
            });
        }
        sections.push((section.name.as_str(), body));
        rest = behind;
    }
    if !rest.is_empty() {
        return Err(ModelError::Trailing { found: rest.len() as u64 });
    }
    let section = |name: &str| {
        let body = sections.iter().find(|(known, _)| *known == name).map(|&(_, body)| body);
        body.map(Decode).ok_or_else(|| ModelError::MissingSection { section: name.to_owned() })
    };

    let mut data = section("screen")?;
    let [drift, limit, last_limit] = [data.u32()? as i32, data.u32()? as i32, data.u32()? as i32];
    let weights = data.take(1 << screen::BITS)?.iter().map(|&byte| byte as i8).collect();
    data.end("screen")?;
    let screen = Screen::new(weights, drift, limit, last_limit).ok_or_else(|| ModelError::malformed("screen"))?;

    let mut data = section("ngrams")?;
    let (scale, bias) = (data.f32()?, data.f32s()?);
    let weights = data
        .take(4 << ngram::BITS)?
        .chunks_exact(4)
        .map(|chunk| u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]));
    let ngrams = NgramTable::new(weights.collect(), scale, bias).ok_or_else(|| ModelError::malformed("ngrams"))?;
    data.end("ngrams")?;

    let kinds = |name: &str| -> Result<KindTable, ModelError> {
        let mut data = section(name)?;
        let (bits, scale, bias) = (data.bits()?, data.f32()?, data.f32s()?);
        let bytes = data.take(KINDS << bits)?;
        data.end(name)?;
        let weights = bytes.chunks_exact(KINDS).map(|chunk| std::array::from_fn(|kind| chunk[kind] as i8)).collect();
        KindTable::new(bits, weights, scale, bias).ok_or_else(|| ModelError::malformed(name))
    };
    let kinds = [kinds("kinds-boilerplate")?, kinds("kinds-spam")?];

    let mut data = section("brands")?;
    let (bits, scale, bias) = (data.bits()?, data.f32()?, data.f32()?);
    let weights = data.take(1 << bits)?.iter().map(|&byte| byte as i8).collect();
    data.end("brands")?;
    let brands = BrandTable::new(bits, weights, scale, bias).ok_or_else(|| ModelError::malformed("brands"))?;

    let mut data = section("languages")?;
    let scale = data.f32()?;
    let rows = data.take(LANGUAGES << language::BITS)?.chunks_exact(LANGUAGES);
    data.end("languages")?;
    let rows = rows.map(|chunk| std::array::from_fn(|index| chunk[index] as i8)).collect();
    let languages = LanguageTable::new(rows, scale).ok_or_else(|| ModelError::malformed("languages"))?;

    let phrases = PhraseSet::decode(section("phrases")?.0)?;

    let mut data = section("first")?;
    let first = data.linear("first", FIRST_PASS_COUNT)?;
    data.end("first")?;
    let classifier = |name: &str, expected: usize| -> Result<Classifier, ModelError> {
        let mut data = section(name)?;
        let (network, forest) = (data.network(name, expected)?, data.forest(name, expected)?);
        data.end(name)?;
        Ok(Classifier::new(network, forest))
    };
    let second = classifier("second", FEATURE_COUNT)?;
    let piece = classifier("piece", FIRST_PASS_COUNT)?;

    let mut data = section("decoder")?;
    let (strength, cap) = (data.f32()?, data.f32()?);
    let mut transitions = [[0.0; Class::COUNT]; Class::COUNT];
    for row in &mut transitions {
        *row = data.f32s()?;
    }
    data.end("decoder")?;
    let decoder = Decoder::new(transitions, strength, cap).ok_or_else(|| ModelError::malformed("decoder"))?;

    let mut data = section("decisions")?;
    let mut calibration = [[Calibration::IDENTITY; Class::COUNT]; 3];
    for entry in calibration.iter_mut().flatten() {
        *entry = Calibration { slope: data.f32()?, offset: data.f32()? };
        if !entry.slope.is_finite() || !entry.offset.is_finite() {
            return Err(ModelError::malformed("a calibration is not finite"));
        }
    }
    let empty = Thresholds { line: [1.0; Class::COUNT], piece: [1.0; Class::COUNT], single: [1.0; Class::COUNT] };
    let mut thresholds = [empty; Preset::ALL.len()];
    for entry in &mut thresholds {
        *entry = Thresholds { line: data.f32s()?, piece: data.f32s()?, single: data.f32s()? };
        if entry.line.iter().chain(&entry.piece).chain(&entry.single).any(|value| value.is_nan()) {
            return Err(ModelError::malformed("a threshold is not a number"));
        }
    }
    data.end("decisions")?;

    Ok(Model {
        id: format!("{}@{:08x}", header.name, crc32fast::hash(bytes)),
        header: line.to_owned(),
        screen,
        ngrams,
        kinds,
        brands,
        languages,
        phrases,
        links: LinkFinder,
        first,
        second,
        piece,
        decoder,
        calibration,
        thresholds,
        size: bytes.len(),
    })
}

fn wrong_count(name: &str, found: usize, expected: usize) -> ModelError {
    ModelError::malformed(format!("section \"{name}\" has {found} features, expected {expected}"))
}

#[derive(Default)]
struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes.extend(value.to_le_bytes());
        self
    }

    fn f32(&mut self, value: f32) -> &mut Self {
        self.bytes.extend(value.to_le_bytes());
        self
    }

    fn f32s(&mut self, values: &[f32]) -> &mut Self {
        for &value in values {
            self.f32(value);
        }
        self
    }

    fn linear(&mut self, model: &LinearModel) {
        self.u32(model.len() as u32).f32s(&model.intercept());
        for row in model.weights() {
            self.f32s(row);
        }
        self.f32s(model.means());
    }

    fn network(&mut self, model: &Network) {
        self.u32(model.len() as u32).f32s(&model.bias());
        for row in model.layer() {
            self.f32s(row);
        }
        self.linear(model.output());
    }

    /// Base, number of trees, and of each tree the number of nodes and the nodes.
    fn forest(&mut self, model: &Forest) {
        self.f32s(&model.base()).u32(model.trees().len() as u32);
        for tree in model.trees() {
            self.u32(tree.len() as u32);
            for node in tree {
                let places = u32::from(node.feature) | u32::from(node.child) << 16;
                self.u32(places).f32(node.threshold).f32(node.value);
            }
        }
    }
}

/// Bytes of a node of a tree, and least bytes of a tree.
const NODE_BYTES: usize = 12;
const TREE_BYTES: usize = 4 + NODE_BYTES;

/// The rest of a section.
struct Decode<'b>(&'b [u8]);

impl<'b> Decode<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], ModelError> {
        if count > self.0.len() {
            return Err(ModelError::malformed("a section is shorter than its content"));
        }
        let (head, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(head)
    }

    fn u32(&mut self) -> Result<u32, ModelError> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A number of hash bits that a table can have.
    fn bits(&mut self) -> Result<u32, ModelError> {
        match self.u32()? {
            bits @ 1..=24 => Ok(bits),
            bits => Err(ModelError::malformed(format!("a table of 2^{bits} entries"))),
        }
    }

    fn f32(&mut self) -> Result<f32, ModelError> {
        self.u32().map(f32::from_bits)
    }

    fn f32s<const N: usize>(&mut self) -> Result<[f32; N], ModelError> {
        let mut values = [0.0; N];
        for value in &mut values {
            *value = self.f32()?;
        }
        Ok(values)
    }

    fn linear(&mut self, name: &str, expected: usize) -> Result<LinearModel, ModelError> {
        let count = self.u32()? as usize;
        if count != expected {
            return Err(wrong_count(name, count, expected));
        }
        let intercept = self.f32s()?;
        let weights = (0..count).map(|_| self.f32s()).collect::<Result<_, _>>()?;
        let means = (0..count).map(|_| self.f32()).collect::<Result<_, _>>()?;
        LinearModel::new(weights, intercept, means).ok_or_else(|| ModelError::malformed(name))
    }

    fn network(&mut self, name: &str, expected: usize) -> Result<Network, ModelError> {
        let count = self.u32()? as usize;
        if count != expected {
            return Err(wrong_count(name, count, expected));
        }
        let bias = self.f32s()?;
        let layer = (0..count).map(|_| self.f32s()).collect::<Result<_, _>>()?;
        let output = self.linear(name, count + UNITS)?;
        Network::new(layer, bias, output).ok_or_else(|| ModelError::malformed(name))
    }

    fn forest(&mut self, name: &str, width: usize) -> Result<Forest, ModelError> {
        let base = self.f32s()?;
        let count = self.count(TREE_BYTES)?;
        let mut trees = Vec::with_capacity(count);
        for _ in 0..count {
            let nodes = self.count(NODE_BYTES)?;
            let nodes = (0..nodes).map(|_| self.node());
            trees.push(nodes.collect::<Result<Tree, _>>()?);
        }
        Forest::new(base, trees, width).ok_or_else(|| ModelError::malformed(format!("trees of section \"{name}\"")))
    }

    fn node(&mut self) -> Result<Node, ModelError> {
        let places = self.u32()?;
        let (feature, child) = (places as u16, (places >> 16) as u16);
        Ok(Node { feature, child, threshold: self.f32()?, value: self.f32()? })
    }

    /// A number of things of which each takes so many bytes at least.
    fn count(&mut self, bytes: usize) -> Result<usize, ModelError> {
        let count = self.u32()? as usize;
        let fits = count <= self.0.len() / bytes;
        fits.then_some(count).ok_or_else(|| ModelError::malformed("a section is shorter than its content"))
    }

    fn end(&self, name: &str) -> Result<(), ModelError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ModelError::malformed(format!("section \"{name}\" has {} bytes too many", self.0.len())))
        }
    }
}
