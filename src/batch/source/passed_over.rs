/// Why something in a source is no message: nothing is judged of it, and it is counted.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PassedOver {
    /// A file or folder in a folder whose name begins with a dot, with all that is in it.
    Hidden,
    /// The folder where the results are written.
    Results,
    /// A folder among the entries of an archive or the objects of a store: what is in it has entries of its own.
    Folder,
    /// What macOS puts beside a file (AppleDouble).
    AppleDouble,
    /// What HTTP carried beside messages: pages, pictures, forms.
    OtherContent,
}

impl PassedOver {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::Hidden,
        Self::Results,
        Self::Folder,
        Self::AppleDouble,
        Self::OtherContent,
    ];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Results => "results",
            Self::Folder => "folder",
            Self::AppleDouble => "apple_double",
            Self::OtherContent => "other_content",
        }
    }

    /// What it is called for people, behind a count.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hidden => "hidden files or folders",
            Self::Results => "folders of results",
            Self::Folder => "folders in archives",
            Self::AppleDouble => "files in which macOS keeps attributes",
            Self::OtherContent => "bodies of HTTP that are no messages",
        }
    }
}
