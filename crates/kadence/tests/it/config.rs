//! Options in `kadence.toml`: what counts, what gives way, and what people read when something is wrong.

use crate::support::{Bench, Finished, SERIES, finish};

/// A folder with a recording and this file.
fn bench(file: &str) -> Bench {
    let bench = Bench::new();
    bench.file("data.csv", SERIES).file("kadence.toml", file);
    bench
}

fn run(bench: &Bench, arguments: &str) -> Finished {
    bench.kadence(&arguments.split(' ').collect::<Vec<_>>())
}

/// What is said of a file when some verb runs, without the prefix.
#[track_caller]
fn refused(file: &str, arguments: &str) -> String {
    let finished = run(&bench(file), arguments);
    assert_eq!((finished.code, &*finished.stdout), (Some(2), ""), "{finished:?}");
    finished
        .stderr
        .lines()
        .map(|line| line.strip_prefix("kadence: ").unwrap_or(line).to_owned() + "\n")
        .collect()
}

const PREVIEW: &str = "replay data.csv --to null --preview 2";

#[test]
fn options_come_from_the_verbs_table_and_from_the_top() {
    let bench = bench(
        "format = 'json'\nuntil-end = true\nquiet = false\n\
        [replay]\nrate = 0.5\nselect = 'value AS v'\ntypes = ['value:float']\nheader = ['a=1', 'b=2']\n\
        [consume]\nprint = '%s %h\\n'\n[topics]\npartitions = 2\n[topics.create]\nconfig = ['retention.ms=5000000']\n",
    );
    assert_eq!(run(&bench, PREVIEW).ok(), "+0.000000 s  {\"v\":51.0}\n+2.000000 s  {\"v\":60.0}\n");
    run(&bench, "topics create sensor").ok();
    run(&bench, "replay data.csv -t sensor --unpaced -c 1 -q").ok();
    assert_eq!(run(&bench, "consume sensor").ok(), "{\"v\":51.0} a=1,b=2\n");
    let described = run(&bench, "topics describe sensor --json").json().to_string();
    assert!(described.contains("5000000"), "{described}");
    let listed = run(&bench, "topics list").ok();
    assert!(listed.contains("sensor  2 partitions"), "{listed}");
}

#[test]
fn the_command_line_wins_and_what_it_excludes_gives_way() {
    let bench = bench(
        "shape = 'array'\nlimit = 1\n[replay]\nrate = 10\nshape = 'keyed'\ncolumns = ['a', 'b']\nskip-lines = 1\necho = true\n",
    );
    let keyed = "+0.000000 s  {\"2021-01-01 00:00:00\":51}\n";
    assert_eq!(run(&bench, PREVIEW).ok(), keyed, "the verb's own table comes before the top");
    let array = run(&bench, &format!("{PREVIEW} --speed 2 --shape array --limit 2")).ok();
    let expected = "+0.000000 s  [\"2021-01-01 00:00:00\",51]\n+2.000000 s  [\"2021-01-01 00:00:04\",60]\n";
    assert_eq!(array, expected, "rate gives way to speed, and echo to preview");
    let named = run(&bench, &format!("{PREVIEW} --columns t,v --shape object")).ok();
    assert_eq!(named, "+0.000000 s  {\"t\":\"2021-01-01 00:00:00\",\"v\":51}\n", "a list is replaced");
    bench.file(
        "kadence.toml",
        "[consume]\ntopic = 'other'\nuntil = 1\n[replay]\ntopic = 'sensor'\nheader = ['a=1', 'b=2']\n",
    );
    run(&bench, "replay data.csv --unpaced -q -H b=3").ok();
    let consumed = run(&bench, "consume sensor --until-end -f %h\\n -c 1").ok();
    assert_eq!(consumed, "a=1,b=3\n", "topic gives way to the one without a name; names count one by one");
}

#[test]
fn false_leaves_a_flag_and_hides_what_is_above() {
    let bench = bench("unpaced = true\n[replay]\nunpaced = false\nspeed = 1\ntypes = []\n");
    assert_eq!(run(&bench, PREVIEW).ok().lines().last().unwrap().split("  ").next(), Some("+4.000000 s"));
}

/// The bench's own broker is in the environment, and another one in the file.
#[test]
fn the_environment_comes_before_the_file() {
    let bench = bench("brokers = 'localhost:1'\nX = ['socket.timeout.ms=2000']\n");
    run(&bench, "topics create sensor").ok();
    let mut command = bench.command(&["topics", "list"]);
    command.env("KADENCE_BROKERS", "");
    let finished = finish(command);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("localhost:1: no broker answers"), "{finished:?}");
}

#[test]
fn another_file_is_named_or_none() {
    let bench = bench("[replay]\nrate = 1\n");
    bench.file("other.toml", "[replay]\nrate = 4\n").file("empty.csv", "");
    let due = |variable: &str| {
        let mut command = bench.command(&PREVIEW.split(' ').collect::<Vec<_>>());
        command.env("KADENCE_CONFIG", variable);
        let finished = finish(command);
        match finished.code {
            Some(0) => finished.stdout.lines().last().unwrap()[..11].to_owned(),
            _ => format!("{:?} {}", finished.code, finished.stderr.trim_end()),
        }
    };
    assert_eq!(due("other.toml"), "+0.250000 s");
    assert_eq!(due(""), "+4.000000 s");
    assert_eq!(
        due("absent.toml"),
        "Some(2) kadence: absent.toml: cannot be read (No such file or directory (os error 2)); KADENCE_CONFIG names \
         it; KADENCE_CONFIG= reads no file"
    );
}

/// A pipe would hang, what is large is some other file, and a link to nothing is a slip.
#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_said_to_be_none() {
    let said = |make: &dyn Fn(&std::path::Path)| {
        let bench = Bench::new();
        make(&bench.folder.path().join("kadence.toml"));
        let finished = run(&bench, "topics list");
        assert_eq!(finished.code, Some(2), "{finished:?}");
        finished.stderr
    };
    let link = said(&|path| std::os::unix::fs::symlink("nowhere.toml", path).unwrap());
    insta::assert_snapshot!(link, @"kadence: kadence.toml: is a link to nowhere.toml, which is not there; with KADENCE_CONFIG= no file is read");
    let pipe = said(&|path| {
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    });
    insta::assert_snapshot!(pipe, @"kadence: kadence.toml: cannot be read (it is no regular file); with KADENCE_CONFIG= no file is read");
    let large = said(&|path| std::fs::write(path, "#".repeat((1 << 20) + 1)).unwrap());
    insta::assert_snapshot!(large, @"kadence: kadence.toml: cannot be read (more than 1 MiB is no file of options); with KADENCE_CONFIG= no file is read");
}

#[test]
fn keys_that_are_no_options_are_named_with_their_lines() {
    let file = "\
spede = 10
skip_lines = 1
up = 3
bootstrap-server = 'a:1'
help = true
file = 'x.csv'

[consume]
speed = 1
topic = 'x'

[replay]
shap = 'array'
header = 1
until_end = true
X.y = 1

[topics.creat]
partitions = 1

[repla]
speed = 1

[connection.lab]
brokers = 'a:1'
";
    insta::assert_snapshot!(refused(file, PREVIEW), @r"
    kadence.toml:1: `spede` is no option of any verb; did you mean `speed`?
    kadence.toml:2: `skip_lines` is no option of any verb; did you mean `skip-lines`?
    kadence.toml:3: `up` is a verb and has no value; write its options under [up]
    kadence.toml:4: `bootstrap-server` is called `brokers` here; write brokers = …
    kadence.toml:5: `help` is no option of any verb; kadence VERB --help lists them
    kadence.toml:6: `file` is no option but an argument; give it on the command line
    kadence.toml:9: `speed` is no option of kadence consume; kadence consume --help lists them
    kadence.toml:13: `shap` is no option of kadence replay; did you mean `shape`?
    kadence.toml:15: `until_end` is no option of kadence replay; kadence replay --help lists them
    kadence.toml:16: `X` is an option and no table; write it as X = …
    kadence.toml:18: `creat` is no verb of kadence topics; did you mean `create`?
    kadence.toml:21: `repla` is no verb of kadence; did you mean `replay`?
    kadence.toml:24: connections are not read yet; leave them out
    ");
}

#[test]
fn values_of_the_wrong_kind_are_named_with_their_lines() {
    let file = "\
speed = true
rate = [1, 2]
echo = 'yes'
until = 2026-01-01
brokers = {}

[replay]
types = true
columns = [['a']]
limit = 0x10

[[consume]]
limit = 1
";
    insta::assert_snapshot!(refused(file, PREVIEW), @r"
    kadence.toml:1: `speed` takes one value (found: true); write it as a text in quotes, or as a number
    kadence.toml:2: `rate` takes one value (found: a list); write it as a text in quotes, or as a number
    kadence.toml:3: `echo` is a flag (found: a text or a number); write true or false
    kadence.toml:4: `until` takes one value (found: a date without quotes); write it as a text in quotes, or as a number
    kadence.toml:5: `brokers` is an option and no table; write it as brokers = …
    kadence.toml:8: `types` takes texts or numbers (found: true); write a list of them
    kadence.toml:9: `columns` takes texts or numbers (found: a list of other things than texts and numbers); write a list of them
    kadence.toml:10: `limit` takes one value (found: a number in another base than ten); write it as a text in quotes, or as a number
    kadence.toml:12: `consume` is a verb and has no value; write its options under [consume]
    ");
    insta::assert_snapshot!(refused("speed = 1\nrate = fast\n", PREVIEW), @r#"kadence.toml:2: is not TOML (invalid boolean, expected `false`); write name = "text", name = 1, name = true or name = ["one", "two"]"#);
    insta::assert_snapshot!(refused("speed = 1\nspeed = 2\n", PREVIEW), @"kadence.toml:2: is not TOML (duplicate key); give each key and each table once");
}

#[test]
fn values_that_cannot_be_read_are_named_with_their_lines() {
    let said = |line: &str| refused(&format!("# first\n[replay]\n{line}\n"), PREVIEW);
    insta::assert_snapshot!(said("speed = 'fast'"), @"kadence.toml:3: `speed`: must be a decimal number greater than 0 with at most 9 decimals, such as 1, 0.5 or 100000 (found `fast`)");
    insta::assert_snapshot!(said("speed = -1"), @"kadence.toml:3: `speed`: must be a decimal number greater than 0 with at most 9 decimals, such as 1, 0.5 or 100000 (found `-1`)");
    insta::assert_snapshot!(said("shape = 'round'"), @"kadence.toml:3: `shape`: `round` is no choice; use one of object, keyed, array");
    insta::assert_snapshot!(said("limit = 1.5"), @"kadence.toml:3: `limit`: `1.5` cannot be read (invalid digit found in string)");
    insta::assert_snapshot!(said("tolerance = 10"), @"kadence.toml:3: `tolerance`: `10` is no duration; write it with its unit, such as 100us, 10ms, 1.5s or 2m");
    let header = "# first\n[replay]\nheader = ['a=1', 'b']\n";
    insta::assert_snapshot!(refused(header, "replay data.csv -t x --preview 3"), @"kadence.toml:3: `header`: `b` is not written as name=value");
    insta::assert_snapshot!(refused("[topics.create]\npartitions = 0", "topics create x"), @"kadence.toml:2: `partitions`: `0` cannot be read (0 is not in 1..=2147483647)");
}

/// Whoever slips while writing a password must not find it in a log.
#[test]
fn what_should_be_a_pair_is_not_shown() {
    let said = |line: &str| refused(line, "replay data.csv -t x --preview 3");
    insta::assert_snapshot!(said("X = ['sasl.password HUSH']"), @"kadence.toml:1: `X`: `sasl.password…` is not written as name=value");
    insta::assert_snapshot!(said("[replay]\nheader = ['Authorization: Bearer HUSH']"), @"kadence.toml:2: `header`: `Authorization…` is not written as name=value");
    insta::assert_snapshot!(said("'sasl.password=HUSH' = 1"), @"kadence.toml:1: `sasl.password…` is no option of any verb; kadence VERB --help lists them");
    let typed = |json: &[&str]| {
        let bench = Bench::new();
        let line = ["replay", "data.csv", "--to", "null", "-X", "sasl.password:HUSH"];
        let said = bench.kadence(&[&line, json].concat()).stderr;
        said.lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(typed(&[]), @"error: invalid value 'sasl.password…' for '-X <NAME=VALUE>': `sasl.password…` is not written as name=value");
    insta::assert_snapshot!(typed(&["--json"]), @r#"{"error":{"help":"kadence VERB --help says what there is","what":"invalid value 'sasl.password…' for '-X <NAME=VALUE>': `sasl.password…` is not written as name=value","where":"command line"}}"#);
}

#[test]
fn options_of_a_table_that_exclude_each_other_are_misuse() {
    insta::assert_snapshot!(refused("[replay]\nrate = 1\nspeed = 2\n", PREVIEW), @"kadence.toml:3: `speed` and `rate` (line 2) exclude each other; leave one of them out");
    insta::assert_snapshot!(refused("json = true\nverbose = true\n", PREVIEW), @"kadence.toml:2: `verbose` and `json` (line 1) exclude each other; leave one of them out");
    // It does not wait for its verb.
    let said = refused("[replay]\nrate = 1\nspeed = 2\n[topics]\njson = true\nverbose = true\n", "consume t");
    insta::assert_snapshot!(said, @r"
    kadence.toml:3: `speed` and `rate` (line 2) exclude each other; leave one of them out
    kadence.toml:6: `verbose` and `json` (line 5) exclude each other; leave one of them out
    ");
    // Not where one of them stands nearer.
    assert_eq!(run(&bench("speed = 2\n[replay]\nrate = 1\n"), PREVIEW).code, Some(0));
}

/// What is missing beside an option that nobody typed.
#[test]
fn a_line_that_is_refused_names_what_the_file_adds() {
    let said = refused("[up]\nrecover = true\n", "up");
    assert!(said.contains("--data-dir <DIR>") && said.ends_with("\nkadence.toml adds recover\n"), "{said}");
    let said = refused("[up]\nrecover = true\n", "up --json");
    assert!(said.contains("says what there is; kadence.toml adds recover\""), "{said}");
}

#[test]
fn machines_get_the_faults_of_a_file_as_json() {
    let said = refused("spede = 1\n", "replay data.csv --to null --json");
    insta::assert_snapshot!(said, @r#"{"error":{"help":"did you mean `speed`?","what":"`spede` is no option of any verb","where":"kadence.toml:1"}}"#);
    let said = refused("json = true\nspeed = 'fast'\n", "replay data.csv --to null");
    insta::assert_snapshot!(said, @r#"{"error":{"help":"","what":"`speed`: must be a decimal number greater than 0 with at most 9 decimals, such as 1, 0.5 or 100000 (found `fast`)","where":"kadence.toml:2"}}"#);
}

/// Whoever looks for help has perhaps not come to terms with the file yet.
#[test]
fn help_needs_no_file() {
    let bench = bench("this is no TOML\n");
    assert!(run(&bench, "replay --help").ok().contains("--speed"));
    assert!(run(&bench, "--version").ok().starts_with("kadence "));
    assert!(
        run(&bench, "completions bash").ok().contains("kadence"),
        "a shell's start is no place for faults"
    );
    assert_eq!(run(&bench, "nonsense").code, Some(2));
}
