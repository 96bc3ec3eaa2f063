//! A proxy of actix-web and awc that does nothing but hand on.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use actix_web::http::header;
use actix_web::web::{Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};

use crate::UNDER_TEST;

/// The argument that makes this program a proxy before the address that follows.
pub(crate) const ROLE: &str = "bare-proxy";

/// A proxy that runs until it is dropped.
pub(crate) struct Bare {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Bare {
    pub(crate) fn before(backend: SocketAddr) -> Self {
        let mut command = Command::new("taskset");
        command
            .args(["-c", &UNDER_TEST.to_string()])
            .arg(std::env::current_exe().unwrap());
        command.args([ROLE, &backend.to_string()]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            address: line.trim().parse().unwrap(),
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves on one thread, as the gateway that is measured does.
pub(crate) fn serve(backend: SocketAddr) {
    let url = format!("http://{backend}/legacy");
    let app = move || {
        let client = awc::Client::builder().no_default_headers().disable_redirects();
        App::new()
            .app_data(PayloadConfig::new(1 << 20))
            .app_data(Data::new((client.finish(), url.clone())))
            .default_service(web::to(hand_on))
    };
    rt::System::new()
        .block_on(async move {
            let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").unwrap();
            println!("{}", server.addrs()[0]);
            server.run().await
        })
        .unwrap();
}

async fn hand_on(request: HttpRequest, body: Bytes, client: Data<(awc::Client, String)>) -> HttpResponse {
    let (client, url) = &**client;
    let mut post = client.post(url).no_decompress();
    for name in [header::CONTENT_TYPE.as_str(), "soapaction"] {
        if let Some(value) = request.headers().get(name) {
            post = post.insert_header((name, value.clone()));
        }
    }
    let mut answer = post.send_body(body).await.unwrap();
    let body = answer.body().await.unwrap();
    HttpResponse::build(answer.status())
        .insert_header((header::CONTENT_TYPE, "text/xml; charset=utf-8"))
        .body(body)
}
