use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::Arc;

use libxml::bindings::{
    xmlFreeInputStream, xmlNewStringInputStream, xmlParserCtxtPtr, xmlParserInputPtr,
    xmlSetExternalEntityLoader, xmlStrdup,
};

use crate::SchemaError;

/// The documents of a schema: all that libxml2 may read.
#[derive(Debug)]
pub(crate) struct Documents {
    root: CString,
    contents: BTreeMap<CString, CString>,
}

thread_local! {
    /// What this thread may read now.
    static READABLE: RefCell<Option<Arc<Documents>>> = const { RefCell::new(None) };
}

impl Documents {
    pub(crate) fn new(
        root: &str,
        documents: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<Self, SchemaError> {
        let nul = |url: &str| SchemaError {
            url: Some(url.to_owned()),
            line: 0,
            message: "a NUL character".to_owned(),
        };
        let mut contents = BTreeMap::new();
        for (url, content) in documents {
            let name = CString::new(url.as_str()).map_err(|_| nul(&url))?;
            let content = CString::new(content).map_err(|_| nul(&url))?;
            contents.insert(name, content);
        }
        let root = CString::new(root).map_err(|_| nul(root))?;
        Ok(Self { root, contents })
    }

    /// The URL of the schema that the others belong to.
    pub(crate) fn root(&self) -> &CStr {
        &self.root
    }

    /// Runs `reads`, which has libxml2 read these documents on this thread.
    pub(crate) fn readable<T>(self: &Arc<Self>, reads: impl FnOnce() -> T) -> T {
        // SAFETY: the function is of the type that is asked for, and stays. Another library of this process may have set its
        // own: for the whole process a pointer is written, by threads one after another, as `compiled` has a lock around this.
        unsafe { xmlSetExternalEntityLoader(Some(load)) };
        READABLE.set(Some(Arc::clone(self)));
        let result = reads();
        READABLE.set(None);
        result
    }
}

/// Gives libxml2 the document at `url` if this thread may read it, and otherwise nothing: there is no other way to a file or to the
/// network.
///
/// # Safety
/// libxml2 calls it: `url` is null or ends with NUL.
unsafe extern "C" fn load(
    url: *const c_char,
    _: *const c_char,
    context: xmlParserCtxtPtr,
) -> xmlParserInputPtr {
    if url.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: as the caller promises.
    let url = unsafe { CStr::from_ptr(url) };
    READABLE.with_borrow(|readable| {
        let Some(content) = readable
            .as_ref()
            .and_then(|documents| documents.contents.get(url))
        else {
            return ptr::null_mut();
        };
        // SAFETY: the content ends with NUL and is not changed; it stays while `readable` runs, and nothing is parsed later.
        let input = unsafe { xmlNewStringInputStream(context, content.as_ptr().cast()) };
        // SAFETY: it is null or an input of ours.
        let Some(fields) = (unsafe { input.as_mut() }) else {
            return input;
        };
        // SAFETY: the URL ends with NUL; libxml2 frees the copy together with the input.
        fields.filename = unsafe { xmlStrdup(url.as_ptr().cast()) }.cast();
        if fields.filename.is_null() {
            // SAFETY: nobody else has it.
            unsafe { xmlFreeInputStream(input) };
            return ptr::null_mut();
        }
        input
    })
}
