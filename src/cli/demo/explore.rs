use std::path::Path;

use crate::cli::console::{Style, Tone};
use crate::cli::report::plain;

use super::scenario::{PLACE, Transport};
use super::send::Sender;

/// What to try next, while the gateway runs.
pub(super) fn text(folder: &Path, sender: &Sender, style: Style) -> String {
    let folder = plain(&folder.to_string_lossy());
    let (http, tls) = (sender.url(Transport::Http), sender.url(Transport::Tls));
    let sign = "sealgate sign --key keys/alpha.key.pem --cert keys/alpha.pem messages/unsigned-order.xml";
    let curl = "curl -s --data-binary @- -H 'Content-Type: text/xml; charset=utf-8'";
    let action = format!("-H 'SOAPAction: \"{PLACE}\"'");
    let mut commands = vec![
        ("go where the files are", format!("cd {folder}")),
        (
            "sign an order of your own, send it, and verify the signed answer",
            format!(
                "{sign} |\n      {curl} {action} {http}/orders |\n      sealgate verify --trust keys/gateway.pem -"
            ),
        ),
        (
            "the same over TLS",
            format!("{sign} |\n      {curl} {action} --cacert keys/ca.pem {tls}/orders"),
        ),
        (
            "see why a message is refused, and what of it is signed",
            "sealgate verify --trust keys/ca.pem messages/07-a-wrapped-body.xml".to_owned(),
        ),
        (
            "see what the gateway knows of each message",
            "cat gateway.log".to_owned(),
        ),
        ("see how it is configured", "cat gateway.toml".to_owned()),
    ];
    if let Some(admin) = sender.admin() {
        commands.push((
            "see how much was passed and refused, and why",
            format!("curl -s http://{admin}/metrics"),
        ));
    }
    let mut text =
        "\nThe gateway goes on until you press Ctrl-C. To explore it from another terminal:\n\n".to_owned();
    for (what, command) in commands {
        let what = style.paint(Tone::Faint, &format!("# {what}"));
        text.push_str(&format!("  {what}\n  {command}\n\n"));
    }
    text
}
