use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use libxml::bindings::_xmlError;

use crate::SchemaError;

/// What libxml2 complained about.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// In the order in which it was said; no more than are looked at.
    pub(crate) complaints: Vec<SchemaError>,
}

/// Complaints beyond this number are dropped: one is enough to refuse.
const MOST: usize = 16;

/// The type of a function that libxml2 complains to; the crate `libxml` declares it with Rust's calling convention.
pub(crate) type Complain = unsafe extern "C" fn(log: *mut c_void, error: *const _xmlError);

unsafe extern "C" {
    fn xmlSetStructuredErrorFunc(log: *mut c_void, to: Option<Complain>);
}

/// Runs `calls`, which call libxml2, with `log` as what this thread's parsers complain to.
pub(crate) fn listening<T>(log: &mut Log, calls: impl FnOnce(*mut c_void) -> T) -> T {
    let log: *mut c_void = ptr::from_mut(log).cast();
    // SAFETY: the function fits, the log outlives the calls, and both are taken away again.
    unsafe { xmlSetStructuredErrorFunc(log, Some(complain)) };
    let result = calls(log);
    // SAFETY: no function is always right.
    unsafe { xmlSetStructuredErrorFunc(ptr::null_mut(), None) };
    result
}

/// Notes a complaint.
///
/// # Safety
/// `log` points to a [`Log`] that nobody else uses now, `error` to an error of libxml2 or is null.
pub(crate) unsafe extern "C" fn complain(log: *mut c_void, error: *const _xmlError) {
    // SAFETY: as the caller promises.
    let Some(log) = (unsafe { log.cast::<Log>().as_mut() }) else {
        return;
    };
    // SAFETY: as the caller promises.
    let Some(error) = (unsafe { error.as_ref() }) else {
        return;
    };
    if log.complaints.len() >= MOST {
        return;
    }
    // SAFETY: libxml2 keeps both strings while it calls.
    let (file, message) = unsafe { (text(error.file), text(error.message)) };
    log.complaints.push(SchemaError {
        url: file,
        line: u32::try_from(error.line).unwrap_or_default(),
        message: message.unwrap_or_default().trim_end().to_owned(),
    });
}

/// The text at `pointer`.
///
/// # Safety
/// It is null, or points to a string that ends with NUL.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(pointer) };
    Some(text.to_string_lossy().into_owned())
}
