//! The one module that names the crypto library.
