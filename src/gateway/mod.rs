//! The web server: the only module that knows one.

mod arrival;
mod body;
mod load;
