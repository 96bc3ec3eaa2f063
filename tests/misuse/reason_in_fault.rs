//! The peer is told why.

use sealgate::rejection::Rejection;
use sealgate::soap::Fault;

fn tell(rejection: &Rejection) -> Fault {
    Fault::FailedCheck(rejection.to_string())
}

fn main() {
    let _ = tell;
}
