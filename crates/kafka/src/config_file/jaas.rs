//! `sasl.jaas.config`: a login module's class, `required`, and its options, ended by a semicolon.

/// User and password out of a PLAIN or SCRAM login; otherwise what is wrong and what to do. No part of the text
/// gets into the fault, since any may be the password.
pub(super) fn login(text: &str) -> Result<(String, String), (&'static str, &'static str)> {
    const SHAPE: &str = "write: …PlainLoginModule required username=\"…\" password=\"…\";";
    let words = words(text).ok_or(("`sasl.jaas.config` has a quote without an end", SHAPE))?;
    let module = words.first().map_or("", String::as_str);
    let module = module.rsplit('.').next().unwrap_or_default();
    match module {
        "PlainLoginModule" | "ScramLoginModule" => {}
        "OAuthBearerLoginModule" => {
            return Err((
                "`sasl.jaas.config` with OAuth is not understood",
                "use the sasl.oauthbearer.* properties",
            ));
        }
        "Krb5LoginModule" => return Err(("Kerberos is not built in", "use SCRAM, PLAIN or OAuth")),
        _ => return Err(("`sasl.jaas.config` names no login module that is known here", SHAPE)),
    }
    let option = |name: &str| {
        words.iter().skip(1).find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    match (option("username"), option("password")) {
        (Some(user), Some(password)) => Ok((user, password)),
        _ => Err(("`sasl.jaas.config` has no username and password", SHAPE)),
    }
}

/// The words up to the semicolon; quotes keep blanks and semicolons inside a word. `None` if one is left open.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some(word) = words.last_mut() else { break };
        match quote {
            Some(_) if character == '\\' => word.extend(characters.next()),
            Some(open) if open == character => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if character == ';' => break,
            None if character.is_whitespace() => words.push(String::new()),
            _ => word.push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_scram_logins_give_user_and_password() {
        let expected = Ok(("alice".to_owned(), "a \"b\"; c=d".to_owned()));
        for module in ["plain.PlainLoginModule", "scram.ScramLoginModule"] {
            let text = format!(
                "org.apache.kafka.common.security.{module} required\n username=\"alice\" password=\"a \\\"b\\\"; c=d\" ;"
            );
            assert_eq!(login(&text), expected, "{module}");
        }
        assert_eq!(
            login("PlainLoginModule required username='a' password='';"),
            Ok(("a".into(), String::new()))
        );
    }

    #[test]
    fn other_logins_are_refused_without_showing_anything() {
        for text in [
            "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true;",
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
            "PlainLoginModule required username=\"hunter2;",
            "PlainLoginModule required password=hunter2;",
            "hunter2",
            "",
        ] {
            let (what, help) = login(text).unwrap_err();
            assert!(!what.contains("hunter2") && !help.contains("hunter2"), "{text}");
        }
    }
}
