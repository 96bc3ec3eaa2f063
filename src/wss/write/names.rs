use crate::xml::Document;

/// Names elements of a message that have no ID. The names of one message do not repeat in another, so that nothing
/// signed in one can be taken for something in another.
#[derive(Clone, Debug)]
pub struct Ids {
    random: String,
    count: u64,
}

impl Ids {
    /// Names made of these random bytes and a count.
    pub fn new(random: [u8; 16]) -> Self {
        let random = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { random, count: 0 }
    }

    /// A new name for an element called `local`, which no element of `document` has.
    pub(super) fn next(&mut self, local: &str, document: &Document) -> String {
        loop {
            self.count = self.count.wrapping_add(1);
            // A local name starts an NCName; what may follow one may follow it.
            let id = format!("{local}-{}-{}", self.random, self.count);
            if document.element_by_id(&id).is_none() {
                return id;
            }
        }
    }
}
