//! The report in a browser: it works without a network, and what an archive says cannot script it.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::world::World;

/// What the page is once its scripts have run.
fn opened(page: &Path, fragment: &str, screenshot: Option<&Path>) -> String {
    let profile = tempfile::tempdir().unwrap();
    let url = format!("file://{}#{fragment}", page.display());
    let mut browser = Command::new("chromium-headless-shell");
    browser
        .args([
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--window-size=1200,1800",
        ])
        .args([
            "--virtual-time-budget=3000",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()));
    match screenshot {
        Some(file) => browser.arg(format!("--screenshot={}", file.display())),
        None => browser.arg("--dump-dom"),
    };
    let output = browser.arg(url).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The text after `before` in the page, up to the next tag.
fn after<'p>(page: &'p str, before: &str) -> Vec<&'p str> {
    page.split(before)
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect()
}

#[test]
fn the_report_opens_filters_and_cannot_be_scripted() {
    let world = World::of(100);
    let archive = world.archive();
    let script = "<script>document.title='scripted'</script>";
    let image = "<img src=x onerror=document.title='scripted'>";
    fs::write(
        archive.join(format!("{}.xml", image.replace('/', "_"))),
        format!("<a>{script}</b>"),
    )
    .unwrap();
    fs::write(
        archive.join("zz.xml"),
        format!("<a b='{}' b=''/>", image.replace('<', "&lt;")),
    )
    .unwrap();
    fs::write(
        archive.join("zzz.jsonl"),
        format!(
            "{{\"message\": {}}}",
            serde_json::json!(format!("</script>{script}{image}"))
        ),
    )
    .unwrap();
    let out = world.folder.path().join("out");
    world.verify(&out, &[], &[archive]);
    let page = out.join("summary.html");
    let all = opened(&page, "", None);
    assert_eq!(after(&all, "<title>")[0], "Sealgate: an archive verified");
    assert!(!all.contains("<img"), "{all}");
    assert_eq!(all.matches("<script").count(), 1);
    assert!(all.contains("&lt;img src=x"), "the name of the file is shown");
    let counts = after(&all, "<span class=\"shown\">");
    assert_eq!(counts.len(), 3, "{counts:?}");
    assert_eq!(counts[2], "33 of 33 rows");
    let filtered = opened(&page, "tampered%20dsig.", None);
    assert_eq!(after(&filtered, "<span class=\"shown\">")[2], "5 of 33 rows");
    assert_eq!(
        filtered.matches("<rect class=\"failed\"").count(),
        all.matches("<rect class=\"failed\"").count()
    );
    assert!(all.matches("<rect").count() > 20);
    let picture = match std::env::var_os("SEALGATE_SCREENSHOT") {
        Some(path) => path.into(),
        None => world.folder.path().join("report.png"),
    };
    opened(&page, "", Some(&picture));
    assert!(fs::metadata(picture).unwrap().len() > 20_000);
}
