use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use libxml::bindings::{
    _xmlParserCtxt, _xmlSchema, _xmlSchemaParserCtxt, _xmlSchemaValidCtxt, xmlCreatePushParserCtxt,
    xmlCtxtUseOptions, xmlFreeParserCtxt, xmlInitParser, xmlParseChunk, xmlParserOption_XML_PARSE_NONET,
    xmlSAXHandlerPtr, xmlSchemaFree, xmlSchemaFreeParserCtxt, xmlSchemaFreeValidCtxt, xmlSchemaNewParserCtxt,
    xmlSchemaNewValidCtxt, xmlSchemaParse, xmlSchemaSAXPlug, xmlSchemaSAXPlugPtr, xmlSchemaSAXUnplug,
};

use crate::documents::Documents;
use crate::log::{Complain, Log, complain, listening};
use crate::tags::{Kind, pieces};
use crate::{Bounds, Invalid, SchemaError};

unsafe extern "C" {
    fn xmlSchemaSetParserStructuredErrors(
        context: *mut _xmlSchemaParserCtxt,
        to: Option<Complain>,
        log: *mut c_void,
    );
    fn xmlSchemaSetValidStructuredErrors(
        context: *mut _xmlSchemaValidCtxt,
        to: Option<Complain>,
        log: *mut c_void,
    );
}

/// One schema is compiled at a time: which documents libxml2 may read is said to the whole process.
static COMPILING: Mutex<()> = Mutex::new(());

thread_local! {
    /// The schemas of this thread.
    static COMPILED: RefCell<Vec<(Weak<Documents>, Compiled)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `uses` with the schema of `documents` that this thread has, or makes now.
pub(crate) fn with<T>(
    documents: &Arc<Documents>,
    uses: impl FnOnce(&Compiled) -> T,
) -> Result<T, SchemaError> {
    COMPILED.with_borrow_mut(|all| {
        let is_of = |(of, _): &&(Weak<Documents>, Compiled)| ptr::eq(of.as_ptr(), Arc::as_ptr(documents));
        if let Some((_, compiled)) = all.iter().find(is_of) {
            return Ok(uses(compiled));
        }
        let compiled = Compiled::new(documents)?;
        let result = uses(&compiled);
        all.retain(|(of, _)| of.strong_count() > 0);
        all.push((Arc::downgrade(documents), compiled));
        Ok(result)
    })
}

/// A schema as libxml2 has it, of one thread.
pub(crate) struct Compiled(NonNull<_xmlSchema>);

impl Drop for Compiled {
    fn drop(&mut self) {
        // SAFETY: it was made by xmlSchemaParse, and nothing that uses it outlives a call of `validate`.
        unsafe { xmlSchemaFree(self.0.as_ptr()) };
    }
}

impl Compiled {
    fn new(documents: &Arc<Documents>) -> Result<Self, SchemaError> {
        let alone = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut log = Log::default();
        // SAFETY: it may be called any number of times.
        unsafe { xmlInitParser() };
        let schema = documents.readable(|| listening(&mut log, |log| parse(documents, log)));
        drop(alone);
        let compiled = NonNull::new(schema).map(Self);
        let failed = || SchemaError {
            url: None,
            line: 0,
            message: "no schema".to_owned(),
        };
        match (compiled, log.complaints.into_iter().next()) {
            (Some(compiled), None) => Ok(compiled),
            (_, complaint) => Err(complaint.unwrap_or_else(failed)),
        }
    }

    /// As [`Schemas::validate`](crate::Schemas::validate).
    pub(crate) fn validate(&self, document: &[u8], bounds: Bounds) -> Result<(), Invalid> {
        let mut log = Log::default();
        listening(&mut log, |log| {
            let validation = Validation::new(self, log).ok_or(Invalid::Unavailable)?;
            feed(&validation, log, document, bounds)?;
            validation.end();
            // SAFETY: `log` is the one of `listening`, and libxml2 does not use it now.
            match unsafe { log.cast::<Log>().as_ref() } {
                Some(log) => refuse(log, 0),
                None => Err(Invalid::Unavailable),
            }
        })
    }
}

/// Feeds `document` piece by piece, and looks at the log and the time after each.
fn feed(validation: &Validation, log: *mut c_void, document: &[u8], bounds: Bounds) -> Result<(), Invalid> {
    let start = Instant::now();
    let mut open: Vec<usize> = Vec::new();
    let (mut elements, mut length) = (0_usize, 0_usize);
    for piece in pieces(document) {
        let piece = piece.ok_or(Invalid::Malformed)?;
        let element = match piece.kind {
            Kind::Start | Kind::Empty => {
                let element = elements;
                elements = elements.saturating_add(1);
                if piece.kind == Kind::Start {
                    open.push(element);
                }
                element
            }
            Kind::End => open.pop().unwrap_or_default(),
            Kind::Other => open.last().copied().unwrap_or_default(),
        };
        // A processing instruction does not end a value.
        length = length.saturating_add(piece.bytes.len());
        if length > bounds.piece {
            return Err(Invalid::Length { element });
        }
        if piece.kind != Kind::Other {
            length = 0;
        }
        let read = validation.read(piece.bytes);
        // SAFETY: `log` is the one of `listening`, and libxml2 does not use it now.
        if let Some(log) = unsafe { log.cast::<Log>().as_ref() } {
            refuse(log, element)?;
        }
        if !read {
            return Err(Invalid::Malformed);
        }
        if start.elapsed() > bounds.time {
            return Err(Invalid::Time);
        }
    }
    if elements == 0 || !open.is_empty() {
        return Err(Invalid::Malformed);
    }
    Ok(())
}

fn refuse(log: &Log, element: usize) -> Result<(), Invalid> {
    match log.complaints.first() {
        None => Ok(()),
        Some(complaint) => Err(Invalid::Content {
            element,
            message: complaint.message.clone(),
        }),
    }
}

fn parse(documents: &Documents, log: *mut c_void) -> *mut _xmlSchema {
    // SAFETY: the URL ends with NUL and is copied.
    let context = unsafe { xmlSchemaNewParserCtxt(documents.root().as_ptr()) };
    if context.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the context is ours, the function fits, and the log outlives the context.
    unsafe { xmlSchemaSetParserStructuredErrors(context, Some(complain), log) };
    // SAFETY: the context is ours.
    let schema = unsafe { xmlSchemaParse(context) };
    // SAFETY: the context is ours, and is not used any more; a schema does not need it.
    unsafe { xmlSchemaFreeParserCtxt(context) };
    schema
}

/// A parser whose events go to a validator. It borrows the schema: both end within [`Compiled::validate`].
struct Validation {
    /// What the plug was given, and writes to when it is taken out.
    slots: *mut Slots,
    validator: *mut _xmlSchemaValidCtxt,
    plug: xmlSchemaSAXPlugPtr,
    parser: *mut _xmlParserCtxt,
}

/// Where libxml2 puts the handler of the parser's events, and what the handler works with.
struct Slots {
    handler: xmlSAXHandlerPtr,
    data: *mut c_void,
}

impl Validation {
    fn new(schema: &Compiled, log: *mut c_void) -> Option<Self> {
        // From here on what is there is freed by `drop`.
        let slots = Slots {
            handler: ptr::null_mut(),
            data: ptr::null_mut(),
        };
        let mut made = Self {
            slots: Box::into_raw(Box::new(slots)),
            validator: ptr::null_mut(),
            plug: ptr::null_mut(),
            parser: ptr::null_mut(),
        };
        // SAFETY: the schema outlives the validator.
        made.validator = unsafe { xmlSchemaNewValidCtxt(schema.0.as_ptr()) };
        if made.validator.is_null() {
            return None;
        }
        // SAFETY: the validator is ours, the function fits, and the log outlives it.
        unsafe { xmlSchemaSetValidStructuredErrors(made.validator, Some(complain), log) };
        // SAFETY: the slots are ours.
        let (handler, data) = unsafe { (&raw mut (*made.slots).handler, &raw mut (*made.slots).data) };
        // SAFETY: the validator is ours; with no handler before, its own is given, which lives as long as the plug, and the slots
        // live longer.
        made.plug = unsafe { xmlSchemaSAXPlug(made.validator, handler, data) };
        if made.plug.is_null() {
            return None;
        }
        // SAFETY: both were written.
        let (handler, data) = unsafe { (*handler, *data) };
        // SAFETY: the handler is copied, the data is the validator, which outlives the parser.
        made.parser = unsafe { xmlCreatePushParserCtxt(handler, data, ptr::null(), 0, ptr::null()) };
        if made.parser.is_null() {
            return None;
        }
        let options = c_int::try_from(xmlParserOption_XML_PARSE_NONET).ok()?;
        // SAFETY: the parser is ours.
        unsafe { xmlCtxtUseOptions(made.parser, options) };
        Some(made)
    }

    /// Reads a piece of the document; false if it is not well-formed.
    fn read(&self, bytes: &[u8]) -> bool {
        let Ok(length) = c_int::try_from(bytes.len()) else {
            return false;
        };
        // SAFETY: the parser is ours, and copies the bytes.
        unsafe { xmlParseChunk(self.parser, bytes.as_ptr().cast(), length, 0) == 0 }
    }

    /// Ends the document, so that what was still to be said is said.
    fn end(mut self) {
        // SAFETY: the parser is ours; the end is told without bytes.
        unsafe { xmlParseChunk(self.parser, ptr::null(), 0, 1) };
        self.unplug();
    }

    fn unplug(&mut self) {
        if !self.plug.is_null() {
            // SAFETY: it was plugged in, and is taken out once.
            unsafe { xmlSchemaSAXUnplug(self.plug) };
            self.plug = ptr::null_mut();
        }
    }
}

impl Drop for Validation {
    fn drop(&mut self) {
        if !self.parser.is_null() {
            // SAFETY: it is ours, and freed once. It built no tree.
            unsafe { xmlFreeParserCtxt(self.parser) };
        }
        self.unplug();
        if !self.validator.is_null() {
            // SAFETY: it is ours, freed once, and after what used it.
            unsafe { xmlSchemaFreeValidCtxt(self.validator) };
        }
        // SAFETY: they came out of a Box, and the plug is gone.
        drop(unsafe { Box::from_raw(self.slots) });
    }
}
