//! Judges the texts of Arrow columns and makes columns of what is said of them.
//!
//! Integers are signed throughout: Spark takes no others.

use std::sync::Arc;

use arrow_array::builder::{BinaryViewBuilder, GenericBinaryBuilder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, Float64Array, GenericListArray, Int64Array, LargeBinaryArray,
    ListArray, OffsetSizeTrait, RecordBatch, RecordBatchOptions, StringArray, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Metadata, Schema, SchemaRef};
use unspam::offsets::{OffsetCounter, OffsetUnit};
use unspam::profile::SiteProfile;
use unspam::{Cleaner, Gate, stats};

use crate::detector::Judge;
use crate::parallel;
use crate::report::{Judged, action_name, shortest};
use crate::text::Text;

/// What stands before the names of columns that are added to a table.
const PREFIX: &str = "unspam_";

/// What is to be said of each text.
#[derive(Debug, Clone)]
pub(crate) enum Verb {
    Scan,
    Clean,
    /// With the rules, and whether only what they name is flagged.
    Check(Gate, bool),
}

/// Makes columns of texts.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) judge: Judge,
    pub(crate) verb: Verb,
    /// Names of the columns of a table.
    pub(crate) text: String,
    pub(crate) url: String,
    pub(crate) threads: Option<usize>,
    /// Whether spans of strings are told in code points.
    pub(crate) chars: bool,
}

/// The texts of a column, as bytes of the column itself.
enum Texts {
    Small(BinaryArray),
    Large(LargeBinaryArray),
    View(BinaryViewArray),
    Coded(Vec<Option<usize>>, Box<Texts>),
    Missing,
}

fn wrong(told: String) -> ArrowError {
    ArrowError::InvalidArgumentError(told)
}

impl Texts {
    fn of(name: &str, array: &ArrayRef) -> Result<Self, ArrowError> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Small(BinaryArray::from(array.as_string::<i32>().clone())),
            DataType::LargeUtf8 => Self::Large(LargeBinaryArray::from(array.as_string::<i64>().clone())),
            DataType::Utf8View => Self::View(array.as_string_view().clone().to_binary_view()),
            DataType::Binary => Self::Small(array.as_binary::<i32>().clone()),
            DataType::LargeBinary => Self::Large(array.as_binary::<i64>().clone()),
            DataType::BinaryView => Self::View(array.as_binary_view().clone()),
            DataType::Null => Self::Missing,
            DataType::Dictionary(_, _) => {
                let coded = array.as_any_dictionary();
                let values = coded.values();
                let keys = if values.is_empty() {
                    vec![None; array.len()]
                } else {
                    let keys = coded.normalized_keys();
                    keys.into_iter().enumerate().map(|(row, key)| array.is_valid(row).then_some(key)).collect()
                };
                Self::Coded(keys, Box::new(Self::of(name, values)?))
            }
            other => return Err(wrong(format!("column \"{name}\" is of type {other}: texts are strings or binary"))),
        })
    }

    fn get(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Small(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Coded(keys, values) => values.get(keys[row]?),
            Self::Missing => None,
        }
    }
}

fn is_binary(data_type: &DataType) -> bool {
    match data_type {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, values) => is_binary(values),
        _ => false,
    }
}

/// The type of a column of cleaned texts: that of the texts, without a dictionary.
fn cleaned_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) if is_binary(values) => DataType::LargeBinary,
        DataType::Dictionary(_, _) => DataType::LargeUtf8,
        DataType::Null => DataType::Utf8,
        other => other.clone(),
    }
}

/// Returns a column of the texts, of a type that [`cleaned_type`] gives.
fn text_column<'t>(
    data_type: &DataType,
    texts: impl Iterator<Item = Option<&'t [u8]>>,
    rows: usize,
) -> Result<ArrayRef, ArrowError> {
    fn offsets<'t, O: OffsetSizeTrait>(
        texts: impl Iterator<Item = Option<&'t [u8]>>,
        rows: usize,
    ) -> arrow_array::GenericBinaryArray<O> {
        let mut builder = GenericBinaryBuilder::<O>::with_capacity(rows, 0);
        texts.for_each(|text| builder.append_option(text));
        builder.finish()
    }
    Ok(match data_type {
        DataType::Utf8 => Arc::new(StringArray::try_from_binary(offsets::<i32>(texts, rows))?),
        DataType::LargeUtf8 => Arc::new(arrow_array::LargeStringArray::try_from_binary(offsets::<i64>(texts, rows))?),
        DataType::Binary => Arc::new(offsets::<i32>(texts, rows)),
        DataType::LargeBinary => Arc::new(offsets::<i64>(texts, rows)),
        DataType::Utf8View | DataType::BinaryView => {
            let mut builder = BinaryViewBuilder::with_capacity(rows);
            for text in texts {
                builder.append_option(text);
            }
            let array = builder.finish();
            if *data_type == DataType::BinaryView { Arc::new(array) } else { Arc::new(array.to_string_view()?) }
        }
        other => return Err(wrong(format!("no texts can be written as {other}"))),
    })
}

/// One finding or removal of a row.
struct Entry {
    start: usize,
    end: usize,
    char_start: usize,
    char_end: usize,
    label: &'static str,
    score: f64,
    action: &'static str,
    reasons: Vec<&'static str>,
}

/// What is said of one text.
struct Row {
    verdict: &'static str,
    spam_probability: f64,
    /// What is left, if that is less than all.
    left: Option<Vec<u8>>,
    entries: Vec<Entry>,
    judged: Option<Judged>,
    crc32: u32,
}

fn list_of(name: &str, fields: Fields) -> Field {
    Field::new(name, DataType::List(Arc::new(Field::new("element", DataType::Struct(fields), true))), true)
}

fn strings(name: &str) -> Field {
    Field::new(name, DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))), true)
}

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

/// Fields of an entry of the ledger.
fn ledger_fields(text: DataType) -> Fields {
    let long = |name| field(name, DataType::Int64);
    Fields::from(vec![
        long("start"),
        long("end"),
        long("char_start"),
        long("char_end"),
        field("text", text),
        field("label", DataType::Utf8),
        field("score", DataType::Float64),
        strings("reasons"),
        long("original_bytes"),
        long("original_crc32"),
    ])
}

/// Fields of a span.
fn span_fields() -> Fields {
    Fields::from(vec![
        field("start", DataType::Int64),
        field("end", DataType::Int64),
        field("label", DataType::Utf8),
        field("score", DataType::Float64),
        field("action", DataType::Utf8),
        strings("reasons"),
    ])
}

impl Columns {
    /// Fields of what is said of a text of this type, without the cleaned text.
    fn said(&self, text: &DataType) -> Vec<Field> {
        let mut fields = vec![field("verdict", DataType::Utf8), field("spam_probability", DataType::Float64)];
        match &self.verb {
            Verb::Scan => fields.push(list_of("spans", span_fields())),
            Verb::Clean => {
                let kind = if is_binary(text) { DataType::Binary } else { DataType::Utf8 };
                fields.push(list_of("ledger", ledger_fields(kind)));
            }
            Verb::Check(..) => fields.extend([
                field("outcome", DataType::Utf8),
                field("because", DataType::Utf8),
                field("result", DataType::Utf8),
                field("removed_share", DataType::Float64),
                field("left_chars", DataType::Int64),
            ]),
        }
        fields
    }

    /// Returns the columns that come of data with this field: of a table all its columns and
    /// those that are added, of texts alone what is said of them.
    pub(crate) fn schema(&self, source: &Field) -> Result<SchemaRef, ArrowError> {
        let DataType::Struct(columns) = source.data_type() else {
            let mut fields = self.said(source.data_type());
            if matches!(self.verb, Verb::Clean) {
                fields.insert(0, field("text", cleaned_type(source.data_type())));
            }
            return Ok(Arc::new(Schema::new(fields)));
        };
        let mut texts = columns.iter().filter(|column| *column.name() == self.text);
        let text = texts.next().ok_or_else(|| self.no_column(columns))?;
        if texts.next().is_some() {
            return Err(wrong(format!("there are several columns \"{}\": rename all but one", self.text)));
        }
        let mut fields: Vec<FieldRef> = columns.iter().cloned().collect();
        if matches!(self.verb, Verb::Clean) {
            for known in fields.iter_mut().filter(|known| *known.name() == self.text) {
                let cleaned = known.as_ref().clone().with_data_type(cleaned_type(known.data_type()));
                *known = Arc::new(cleaned.with_nullable(true));
            }
        }
        for said in self.said(text.data_type()) {
            let name = format!("{PREFIX}{}", said.name());
            if columns.iter().any(|column| *column.name() == name) {
                return Err(wrong(format!("column \"{name}\" is there already: rename or drop it first")));
            }
            fields.push(Arc::new(said.with_name(name)));
        }
        Ok(Arc::new(Schema::new(fields).with_metadata(source.metadata().clone())))
    }

    fn no_column(&self, columns: &Fields) -> ArrowError {
        let names: Vec<&str> = columns.iter().map(|column| column.name().as_str()).collect();
        wrong(format!("no column \"{}\": there are {}", self.text, names.join(", ")))
    }

    /// Returns the columns that come of an array with this [`Columns::schema`], or nothing if `stop`
    /// said so.
    pub(crate) fn apply(
        &self,
        array: &ArrayRef,
        schema: &SchemaRef,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Option<RecordBatch>, ArrowError> {
        let mut columns = Vec::with_capacity(schema.fields().len());
        let (text, urls) = match array.as_struct_opt() {
            None => (Arc::clone(array), None),
            Some(rows) => {
                columns.extend(rows.columns().iter().cloned());
                let text = rows.column_by_name(&self.text).ok_or_else(|| self.no_column(rows.fields()))?;
                let urls = rows.column_by_name(&self.url).filter(|_| self.judge.profile.is_some());
                (Arc::clone(text), urls.map(|urls| Texts::of(&self.url, urls)).transpose()?)
            }
        };
        let texts = Texts::of(&self.text, &text)?;
        let binary = is_binary(text.data_type());
        let judged = parallel::map(array.len(), self.threads, stop, |row| {
            let url = urls.as_ref().and_then(|urls| urls.get(row)).and_then(|url| std::str::from_utf8(url).ok());
            texts.get(row).map(|text| self.judge_row(text, binary, url).map_err(|told| (row, told))).transpose()
        });
        let Some(judged) = judged else { return Ok(None) };
        let mut rows = Vec::with_capacity(judged.len());
        for row in judged {
            let name = if array.as_struct_opt().is_some() { self.text.as_str() } else { "text" };
            rows.push(row.map_err(|(row, told)| wrong(format!("column \"{name}\", row {row}: {told}")))?);
        }
        if matches!(self.verb, Verb::Clean) {
            let cleaned = cleaned_type(text.data_type());
            let unchanged = rows.iter().flatten().all(|row| row.left.is_none()) && cleaned == *text.data_type();
            let column = if unchanged {
                Arc::clone(&text)
            } else {
                let left = (0..rows.len()).map(|index| {
                    let left = rows[index].as_ref().and_then(|row| row.left.as_deref());
                    left.or_else(|| texts.get(index))
                });
                text_column(&cleaned, left, rows.len())?
            };
            match array.as_struct_opt() {
                None => columns.push(column),
                Some(known) => {
                    for (index, name) in known.column_names().into_iter().enumerate() {
                        if name == self.text {
                            columns[index] = Arc::clone(&column);
                        }
                    }
                }
            }
        }
        self.say(&rows, &texts, binary, &mut columns)?;
        let options = RecordBatchOptions::new().with_row_count(Some(array.len()));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map(Some)
    }

    fn judge_row(&self, bytes: &[u8], binary: bool, url: Option<&str>) -> Result<Row, String> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if !binary => Text::Str(text),
            Err(_) if !binary => return Err("a string that is not valid UTF-8: cast the column to binary".to_owned()),
            _ => Text::Bytes(bytes),
        };
        let report = self.judge.scan(&text, url);
        let mut row = Row {
            verdict: report.verdict.as_str(),
            spam_probability: shortest(report.spam_probability.get()),
            left: None,
            entries: Vec::new(),
            judged: None,
            crc32: 0,
        };
        let mut counter = OffsetCounter::new(bytes, OffsetUnit::Char);
        let mut entry = |start: usize, end: usize, found: &unspam::Finding| Entry {
            start,
            end,
            char_start: counter.convert(start),
            char_end: counter.convert(end),
            label: found.label.as_str(),
            score: shortest(found.score.get()),
            action: action_name(found.action),
            reasons: found.reasons.iter().map(|reason| reason.code).collect(),
        };
        if matches!(self.verb, Verb::Scan) {
            row.entries = report.findings.iter().map(|f| entry(f.span.start(), f.span.end(), f)).collect();
            return Ok(row);
        }
        let edits = if report.changes_text() { Cleaner::edits(bytes, &report) } else { Vec::new() };
        if let Verb::Check(gate, named_only) = &self.verb {
            row.judged = Some(Judged::of(gate, *named_only, &text, &report, &edits));
        } else {
            row.left = text.without(&edits);
            let one = |edit: &unspam::Edit| entry(edit.span.start(), edit.span.end(), &report.findings[edit.finding]);
            row.entries = edits.iter().map(one).collect();
            row.crc32 = if edits.is_empty() { 0 } else { crc32fast::hash(bytes) };
        }
        Ok(row)
    }

    /// Adds the columns of what is said.
    fn say(
        &self,
        rows: &[Option<Row>],
        texts: &Texts,
        binary: bool,
        columns: &mut Vec<ArrayRef>,
    ) -> Result<(), ArrowError> {
        let verdicts: StringArray = rows.iter().map(|row| row.as_ref().map(|row| row.verdict)).collect();
        let chances: Float64Array = rows.iter().map(|row| row.as_ref().map(|row| row.spam_probability)).collect();
        columns.push(Arc::new(verdicts));
        columns.push(Arc::new(chances));
        let strings = |of: &dyn Fn(&Judged) -> String| -> ArrayRef {
            let judged = rows.iter().map(|row| row.as_ref().and_then(|row| row.judged.as_ref()).map(of));
            Arc::new(judged.collect::<StringArray>())
        };
        let known = || rows.iter().map(|row| row.as_ref().and_then(|row| row.judged.as_ref()));
        if matches!(self.verb, Verb::Check(..)) {
            columns.push(strings(&|judged| judged.outcome.to_string()));
            columns.push(strings(&|judged| judged.because.clone()));
            columns.push(strings(&|judged| judged.result.to_owned()));
            let shares = known().map(|judged| judged.map(|judged| shortest(judged.removed_share)));
            columns.push(Arc::new(shares.collect::<Float64Array>()));
            let left = known().map(|judged| judged.map(|judged| judged.left_chars as i64));
            columns.push(Arc::new(left.collect::<Int64Array>()));
            return Ok(());
        }
        let entries = || {
            rows.iter().enumerate().flat_map(|(index, row)| {
                row.iter().flat_map(move |row| row.entries.iter().map(move |entry| (index, row, entry)))
            })
        };
        let long = |of: &dyn Fn(usize, &Row, &Entry) -> usize| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(entries().map(|(index, row, entry)| of(index, row, entry) as i64)))
        };
        let words = |of: &dyn Fn(&Entry) -> &'static str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(entries().map(|(_, _, entry)| of(entry))))
        };
        let scores: ArrayRef = Arc::new(Float64Array::from_iter_values(entries().map(|(_, _, entry)| entry.score)));
        let item = Arc::new(Field::new("element", DataType::Utf8, true));
        let mut reasons = ListBuilder::new(StringBuilder::new()).with_field(item);
        for (_, _, entry) in entries() {
            for reason in &entry.reasons {
                reasons.values().append_value(reason);
            }
            reasons.append(true);
        }
        let reasons: ArrayRef = Arc::new(reasons.finish());
        let length = |index: usize| texts.get(index).map_or(0, <[u8]>::len);
        let (fields, parts) = if matches!(self.verb, Verb::Scan) {
            let chars = self.chars && !binary;
            let start = long(&|_, _, entry| if chars { entry.char_start } else { entry.start });
            let end = long(&|_, _, entry| if chars { entry.char_end } else { entry.end });
            let parts = vec![start, end, words(&|entry| entry.label), scores, words(&|entry| entry.action), reasons];
            (span_fields(), parts)
        } else {
            let kind = if binary { DataType::Binary } else { DataType::Utf8 };
            let cut = entries().map(|(index, _, entry)| texts.get(index).map(|text| &text[entry.start..entry.end]));
            let parts = vec![
                long(&|_, _, entry| entry.start),
                long(&|_, _, entry| entry.end),
                long(&|_, _, entry| entry.char_start),
                long(&|_, _, entry| entry.char_end),
                text_column(&kind, cut, 0)?,
                words(&|entry| entry.label),
                scores,
                reasons,
                long(&|index, _, _| length(index)),
                long(&|_, row, _| row.crc32 as usize),
            ];
            (ledger_fields(kind), parts)
        };
        let count = entries().count();
        let structs = StructArray::try_new_with_length(fields.clone(), parts, None, count)?;
        let lengths = rows.iter().map(|row| row.as_ref().map_or(0, |row| row.entries.len()));
        let valid: NullBuffer = rows.iter().map(Option::is_some).collect::<Vec<bool>>().into();
        let element = Arc::new(Field::new("element", DataType::Struct(fields), true));
        let offsets = OffsetBuffer::from_lengths(lengths);
        columns.push(Arc::new(ListArray::try_new(element, offsets, Arc::new(structs), Some(valid))?));
        Ok(())
    }
}

/// Returns the rows with their original texts, without the columns that cleaning added.
pub(crate) fn restore(
    rows: &StructArray,
    metadata: &Metadata,
    text: &str,
    ledger: &str,
) -> Result<RecordBatch, ArrowError> {
    let missing =
        |name: &str| wrong(format!("no column \"{name}\": restoring needs the cleaned texts and their ledger"));
    let column = rows.column_by_name(text).ok_or_else(|| missing(text))?;
    let entries = rows.column_by_name(ledger).ok_or_else(|| missing(ledger))?;
    let texts = Texts::of(text, column)?;
    let (bounds, values) = match entries.data_type() {
        DataType::List(_) => bounds(entries.as_list::<i32>()),
        DataType::LargeList(_) => bounds(entries.as_list::<i64>()),
        other => return Err(wrong(format!("column \"{ledger}\" is of type {other}: a ledger is a list"))),
    };
    let values = values.as_struct_opt().ok_or_else(|| wrong(format!("column \"{ledger}\" holds no structures")))?;
    let part = |name: &str| values.column_by_name(name).ok_or_else(|| missing(&format!("{ledger}.{name}")));
    let long = |name: &str| {
        let column = part(name)?;
        column.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong(format!("\"{ledger}.{name}\" is no long integer")))
    };
    let (starts, lengths, sums) = (long("start")?, long("original_bytes")?, long("original_crc32")?);
    let removed = Texts::of("text", part("text")?)?;
    let mut restored: Vec<Option<Vec<u8>>> = Vec::with_capacity(rows.len());
    for (row, &(from, to)) in bounds.iter().enumerate() {
        let Some(cleaned) = texts.get(row).filter(|_| from < to) else {
            restored.push(None);
            continue;
        };
        let runs: Vec<(usize, &[u8])> =
            (from..to).map(|entry| (starts.value(entry) as usize, removed.get(entry).unwrap_or_default())).collect();
        let told = |told: String| wrong(format!("row {row}: {told}"));
        let original = Cleaner::restore(cleaned, &runs).map_err(|error| told(error.to_string()))?;
        if original.len() as i64 != lengths.value(from) || i64::from(crc32fast::hash(&original)) != sums.value(from) {
            let (found, expected) = (original.len(), lengths.value(from));
            return Err(told(format!(
                "the restored text is not the original ({found} bytes for {expected}, or other ones): the cleaned text was changed"
            )));
        }
        restored.push(Some(original));
    }
    let data_type = cleaned_type(column.data_type());
    let originals = restored.iter().enumerate().map(|(row, text)| text.as_deref().or_else(|| texts.get(row)));
    let originals = text_column(&data_type, originals, rows.len())?;
    let (mut fields, mut columns): (Vec<FieldRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (known, column) in rows.fields().iter().zip(rows.columns()) {
        let name = known.name();
        if name == ledger || ["verdict", "spam_probability"].iter().any(|said| *name == format!("{PREFIX}{said}")) {
            continue;
        }
        if name == text {
            fields.push(Arc::new(known.as_ref().clone().with_data_type(data_type.clone()).with_nullable(true)));
            columns.push(Arc::clone(&originals));
        } else {
            fields.push(Arc::clone(known));
            columns.push(Arc::clone(column));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields).with_metadata(metadata.clone())), columns)
}

/// Where the entries of each row stand, and the entries.
fn bounds<O: OffsetSizeTrait>(list: &GenericListArray<O>) -> (Vec<(usize, usize)>, ArrayRef) {
    let offsets = list.value_offsets();
    let one = |row: usize| {
        let from = offsets[row].as_usize();
        (from, if list.is_valid(row) { offsets[row + 1].as_usize() } else { from })
    };
    ((0..list.len()).map(one).collect(), Arc::clone(list.values()))
}

/// Returns a row for each document that has a site, without a hash, and one for each line.
pub(crate) fn count_lines(array: &ArrayRef, text: &str, url: &str) -> Result<RecordBatch, ArrowError> {
    let rows = array.as_struct_opt().ok_or_else(|| wrong("counting lines needs a record batch".to_owned()))?;
    let column = |name: &str| {
        let column = rows.column_by_name(name).ok_or_else(|| wrong(format!("no column \"{name}\"")))?;
        Texts::of(name, column)
    };
    let (texts, urls) = (column(text)?, column(url)?);
    let (mut sites, mut hashes) = (StringBuilder::new(), Int64Builder::new());
    for row in 0..rows.len() {
        let Some(text) = texts.get(row) else { continue };
        let url = urls.get(row).and_then(|url| std::str::from_utf8(url).ok());
        let Some(site) = url.and_then(stats::site_of) else { continue };
        sites.append_value(&site);
        hashes.append_null();
        for hash in SiteProfile::line_hashes(&String::from_utf8_lossy(text)) {
            sites.append_value(&site);
            hashes.append_value(hash as i64);
        }
    }
    let fields = vec![Field::new("site", DataType::Utf8, false), Field::new("hash", DataType::Int64, true)];
    let columns: Vec<ArrayRef> = vec![Arc::new(sites.finish()), Arc::new(hashes.finish())];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
