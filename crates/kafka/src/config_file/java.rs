//! From the Java clients' names to librdkafka's.
//!
//! Most names are the same in both. Those here differ, take other values, or mean nothing outside Java.

use std::path::Path;

use kadence_core::fault::Fault;

use super::{ConfigFile, Setting, jaas};
use crate::properties::{self, Origin};

/// Same value, other name.
const RENAMED: [(&str, &str); 7] = [
    ("max.request.size", "message.max.bytes"),
    ("send.buffer.bytes", "socket.send.buffer.bytes"),
    ("receive.buffer.bytes", "socket.receive.buffer.bytes"),
    ("fetch.max.wait.ms", "fetch.wait.max.ms"),
    ("ssl.truststore.certificates", "ssl.ca.pem"),
    ("ssl.keystore.certificate.chain", "ssl.certificate.pem"),
    ("ssl.keystore.key", "ssl.key.pem"),
];

/// Means nothing outside Java, or nothing to what this client does.
const IGNORED: [&str; 40] = [
    "auto.include.jmx.reporter",
    "auto.register.schemas",
    "basic.auth.credentials.source",
    "basic.auth.user.info",
    "buffer.memory",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "default.api.timeout.ms",
    "exclude.internal.topics",
    "interceptor.classes",
    "key.deserializer",
    "key.serializer",
    "key.subject.name.strategy",
    "max.block.ms",
    "max.poll.records",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "partitioner.class",
    "partitioner.ignore.keys",
    "sasl.client.callback.handler.class",
    "sasl.login.callback.handler.class",
    "sasl.login.class",
    "security.providers",
    "socket.connection.setup.timeout.max.ms",
    "ssl.enabled.protocols",
    "ssl.engine.factory.class",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
    "throw.on.fetch.stable.offset.unsupported",
    "transaction.two.phase.commit.enable",
    "value.deserializer",
    "value.serializer",
];

/// Beginnings of names that mean nothing here.
const IGNORED_FAMILIES: [&str; 4] = ["schema.registry.", "sasl.login.", "confluent.", "value.subject."];

/// Keys that are read together with another one, below.
const TOGETHER: [&str; 7] = [
    "ssl.truststore.location",
    "ssl.truststore.type",
    "ssl.truststore.password",
    "ssl.keystore.location",
    "ssl.keystore.type",
    "ssl.keystore.password",
    "sasl.jaas.config",
];

/// Puts what a file says into librdkafka's names.
pub(super) fn translate(path: &Path, said: &[Setting]) -> ConfigFile {
    let mut file = ConfigFile::default();
    for setting in said {
        let place = place(path, setting);
        let name = setting.name.as_str();
        if TOGETHER.contains(&name) {
            continue;
        }
        let is_java_only = IGNORED.contains(&name)
            || IGNORED_FAMILIES.iter().any(|family| name.starts_with(family)) && !properties::is_known(name);
        if is_java_only {
            file.notices
                .push(format!("{place}: `{name}` means nothing to this client and is ignored").into());
            continue;
        }
        let renamed = RENAMED.iter().find(|(java, _)| *java == name).map_or(name, |(_, ours)| ours);
        file.put(path, setting, renamed, value_for(renamed, &setting.value));
    }
    file.truststore(path, said);
    file.keystore(path, said);
    file.jaas(path, said);
    file
}

/// Java's way to write a value, in librdkafka's.
fn value_for(name: &str, value: &str) -> String {
    match name {
        "ssl.endpoint.identification.algorithm" if value.is_empty() => "none".to_owned(),
        "ssl.endpoint.identification.algorithm" | "security.protocol" | "isolation.level" => {
            value.to_ascii_lowercase()
        }
        _ => value.to_owned(),
    }
}

fn place(path: &Path, setting: &Setting) -> String {
    format!("{}:{}", path.display(), setting.line)
}

fn find<'s>(said: &'s [Setting], name: &str) -> Option<&'s Setting> {
    said.iter().rev().find(|setting| setting.name == name)
}

/// Whether a store is text; without a type the file's name decides.
fn is_pem(said: &[Setting], type_name: &str, location: &str) -> bool {
    match find(said, type_name) {
        Some(kind) => kind.value.eq_ignore_ascii_case("PEM"),
        None => [".pem", ".crt", ".cer"].iter().any(|ending| location.to_ascii_lowercase().ends_with(ending)),
    }
}

impl ConfigFile {
    fn put(&mut self, path: &Path, from: &Setting, name: &str, value: String) {
        let origin = Origin::File { path: path.to_owned(), line: from.line };
        match properties::check(&origin, name, &value) {
            Ok(()) => self.settings.push(Setting { name: name.to_owned(), value, line: from.line }),
            Err(fault) => self.faults.push(fault),
        }
    }

    fn refuse(&mut self, path: &Path, at: &Setting, what: &str, help: &str) {
        self.faults.push(Fault::new(place(path, at), what).help(help).misuse());
    }

    fn truststore(&mut self, path: &Path, said: &[Setting]) {
        let Some(location) = find(said, "ssl.truststore.location") else { return };
        if is_pem(said, "ssl.truststore.type", &location.value) {
            self.put(path, location, "ssl.ca.location", location.value.clone());
        } else {
            self.refuse(
                path,
                location,
                "only PEM trust stores can be read",
                "convert it (keytool -exportcert -rfc) and set ssl.truststore.type=PEM",
            );
        }
    }

    fn keystore(&mut self, path: &Path, said: &[Setting]) {
        let Some(location) = find(said, "ssl.keystore.location") else { return };
        let is_pkcs12 =
            find(said, "ssl.keystore.type").is_some_and(|kind| kind.value.eq_ignore_ascii_case("PKCS12"));
        if is_pem(said, "ssl.keystore.type", &location.value) {
            self.put(path, location, "ssl.certificate.location", location.value.clone());
            self.put(path, location, "ssl.key.location", location.value.clone());
        } else if is_pkcs12 {
            self.put(path, location, "ssl.keystore.location", location.value.clone());
            if let Some(password) = find(said, "ssl.keystore.password") {
                self.put(path, password, "ssl.keystore.password", password.value.clone());
            }
        } else {
            self.refuse(
                path,
                location,
                "only PEM and PKCS12 key stores can be read",
                "convert it (keytool -importkeystore -deststoretype PKCS12) and set ssl.keystore.type=PKCS12",
            );
        }
    }

    fn jaas(&mut self, path: &Path, said: &[Setting]) {
        let Some(config) = find(said, "sasl.jaas.config") else { return };
        match jaas::login(&config.value) {
            Ok((user, password)) => {
                self.put(path, config, "sasl.username", user);
                self.put(path, config, "sasl.password", password);
            }
            Err((what, help)) => self.refuse(path, config, what, help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::syntax;
    use super::*;

    fn translated(text: &str) -> ConfigFile {
        translate(Path::new("client.properties"), &syntax::parse(text))
    }

    fn pairs(file: &ConfigFile) -> Vec<(&str, &str)> {
        file.settings.iter().map(|setting| (setting.name.as_str(), setting.value.as_str())).collect()
    }

    #[test]
    fn a_java_clients_security_keys_are_understood() {
        let file = translated(concat!(
            "security.protocol=SASL_SSL\n",
            "sasl.mechanism=SCRAM-SHA-256\n",
            "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n",
            "  username=\"u\" password=\"p\";\n",
            "ssl.truststore.location=/\n",
            "ssl.truststore.type=PEM\n",
            "ssl.keystore.location=/\nssl.keystore.type=PKCS12\nssl.keystore.password=x\n",
            "ssl.endpoint.identification.algorithm=\n",
        ));
        assert!(file.faults.is_empty(), "{:?}", file.faults);
        assert_eq!(
            pairs(&file),
            [
                ("security.protocol", "sasl_ssl"),
                ("sasl.mechanism", "SCRAM-SHA-256"),
                ("ssl.endpoint.identification.algorithm", "none"),
                ("ssl.ca.location", "/"),
                ("ssl.keystore.location", "/"),
                ("ssl.keystore.password", "x"),
                ("sasl.username", "u"),
                ("sasl.password", "p"),
            ]
        );
    }

    #[test]
    fn what_is_javas_own_is_ignored_aloud_and_the_unknown_refused_with_its_line() {
        let file = translated(
            "key.serializer=x\nmax.request.size=5000\nlingerms=1\nssl.truststore.location=a.jks\n",
        );
        assert_eq!(
            file.notices.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["client.properties:1: `key.serializer` means nothing to this client and is ignored"]
        );
        assert_eq!(pairs(&file), [("message.max.bytes", "5000")]);
        let faults: Vec<String> = file.faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults[0], "client.properties:3: unknown property `lingerms`; did you mean `linger.ms`?");
        assert!(faults[1].starts_with("client.properties:4: only PEM trust stores"), "{}", faults[1]);
    }
}
