//! Installing: packages, the unit of systemd, containers, probes, upgrades.
//!
//! # From a package
//!
//! `make deb` builds `build/package/sealgate_*.deb`, for the Debian or Ubuntu that it is run on, and looks at what is in it:
//!
//! | | |
//! |---|---|
//! | `/usr/bin/sealgate` | the program |
//! | `/etc/sealgate/sealgate.toml` | what `sealgate config init` prints, to be changed; an upgrade keeps your changes |
//! | `/usr/lib/systemd/system/sealgate.service` | the unit, neither enabled nor started |
//! | `/usr/share/man/man1/` | a page for each command: `man sealgate`, `man sealgate-serve` |
//! | `/usr/share/bash-completion/`, `/usr/share/zsh/`, `/usr/share/fish/` | completions |
//! | `/usr/share/doc/sealgate/` | README, changes, copyright, and every key of the [configuration](super::configuration) |
//!
//! The gateway runs as the user `sealgate`, which the package makes. `/etc/sealgate` is readable for that user and nobody else. When the package is removed
//! `/var/lib/sealgate` stays, as what was recorded is evidence.
//!
//! 1. Put keys and trust beside `/etc/sealgate/sealgate.toml`, keys readable for `root` and `sealgate` only, and say where they are.
//! 2. `sudo -u sealgate sealgate config check /etc/sealgate/sealgate.toml`, until nothing is wrong.
//! 3. `systemctl enable --now sealgate`. It says when it serves; `systemctl status sealgate` shows which configuration it serves, counted from 1.
//!
//! # The unit
//!
//! The process tells systemd (sd_notify(3)) that it is ready once it listens, keys and trust are read, and every thread serves, and not if it cannot start; that it takes on a
//! configuration, and when it serves again, under the new one or, where that is bad, under the old one; and that it stops. It then asks for
//! `gateway.drain_seconds` and half a minute. With `WatchdogSec=` it gives signs of life only while every thread that serves turns within half of that time: a
//! process with a thread that hangs is started again. What a Redis, a collector or a backend does has nothing to do with that: see `/readyz`. A wrong configuration (exit code 2) is not tried again.
//!
//! The unit has no capability and may write only to `/var/lib/sealgate` and its own `/tmp`: name files there for `replay.file`, `audit.folder`,
//! `message_archive.folder` and `file` of `[[fetch]]`. `systemctl edit sealgate` changes what does not fit:
//!
//! | to | add under `[Service]` |
//! |---|---|
//! | keep keys from who may read `/etc/sealgate` | `LoadCredential=gateway.key:/etc/credstore/gateway.key`, and `key = "/run/credentials/sealgate.service/gateway.key"` in the configuration; or `LoadCredentialEncrypted=` |
//! | listen on a port below 1024 | `AmbientCapabilities=CAP_NET_BIND_SERVICE`, `CapabilityBoundingSet=CAP_NET_BIND_SERVICE`, `PrivateUsers=no` |
//! | use a hardware security module that is a device | `PrivateDevices=no`, `DeviceAllow=` with the device |
//! | write checkpoints or messages elsewhere | `ReadWritePaths=` with the folder |
//! | have `systemctl reload` wait for the new configuration (systemd 253 or newer) | `Type=notify-reload`, and `ExecReload=` with nothing |
//!
//! Any other service manager that sets `NOTIFY_SOCKET` is told the same; without one nothing is.
//!
//! # In a container
//!
//! `docker build -f packaging/Containerfile -t sealgate .` makes an image with the program, the libraries it is linked with and nothing else: no shell, no package
//! manager. It runs as user 65532, and with a root that is read-only:
//!
//! ```text
//! docker run --read-only --tmpfs /tmp --cap-drop ALL -v ./gateway:/etc/sealgate:ro -v state:/var/lib/sealgate -p 8443:8443 sealgate
//! ```
//!
//! Keys must be readable for user 65532 and not for everybody. Libraries come from the image that it is built in, so build it again when OpenSSL
//! is mended. The tests make this root and run the gateway in it, as that user; the image itself was not built by an engine in our tests.
//!
//! # Probes
//!
//! There is no `HEALTHCHECK`, as the image has nothing that could ask. Let the platform ask the address of `[admin]`, which then has to be reachable for it (`open = true`) and
//! for nobody else: `/healthz` for liveness, `/readyz` for readiness ([`operating`](super::operating)). Give it `gateway.drain_seconds` and some to end (`terminationGracePeriodSeconds`).
//!
//! # Upgrades
//!
//! Check the configuration with the new program first: `sealgate config check` refuses keys that it does not know. An upgrade of the package starts a running gateway again: messages in work
//! end within `gateway.drain_seconds`, and what is sent meanwhile finds no connection. Behind a balancer that asks `/readyz`, upgrade one after the other.
//! With `replay.file` or `[replay.redis]` what was used before stays used; without, messages made before the start are refused.
