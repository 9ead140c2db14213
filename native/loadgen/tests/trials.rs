//! The program between two ends of real cables, with a shunt or nothing between them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// Namespaces `a` -- `b` -- `c` in a row, removed at the end of the test.
struct Row {
    prefix: String,
}

impl Row {
    fn new(test: &str) -> Self {
        let row = Self {
            prefix: format!("loadgen-{}-{test}-", std::process::id()),
        };
        for role in ["a", "b", "c"] {
            run(&["ip", "netns", "add", &row.name(role)]);
        }
        row.cable("a", "east", "b", "west");
        row.cable("b", "east", "c", "west");
        row
    }

    fn cable(&self, left: &str, left_device: &str, right: &str, right_device: &str) {
        let (left, right) = (self.name(left), self.name(right));
        run(&[
            "ip",
            "-n",
            &left,
            "link",
            "add",
            left_device,
            "type",
            "veth",
            "peer",
            "name",
            right_device,
            "netns",
            &right,
        ]);
        for (namespace, device) in [(&left, left_device), (&right, right_device)] {
            run(&["ip", "-n", namespace, "link", "set", device, "up"]);
            // Without it the kernel refuses frames that XDP redirects to the other end.
            run(&[
                "ip", "netns", "exec", namespace, "ethtool", "-K", device, "gro", "on",
            ]);
        }
    }

    fn name(&self, role: &str) -> String {
        format!("{}{role}", self.prefix)
    }

    fn path(&self, role: &str) -> String {
        format!("/run/netns/{}", self.name(role))
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        for role in ["a", "b", "c"] {
            let _ = Command::new("ip")
                .args(["netns", "del", &self.name(role)])
                .status();
        }
    }
}

fn run(words: &[&str]) {
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
}

struct Loadgen {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Loadgen {
    fn start(job: &Value) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut loadgen = Self {
            child,
            input,
            output,
        };
        assert_eq!(loadgen.ask(job), json!({ "ready": true }));
        loadgen
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.input, "{question}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn end(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}

fn pattern() -> Value {
    json!({
        "length": 64, "flows": 10, "stations": 3, "switches": 2,
        "side": { "kind": "access", "isTagged": true, "isLearning": false },
    })
}

#[test]
fn what_is_sent_at_a_rate_comes_out_behind_a_shunt() {
    let row = Row::new("shunt");
    let shunt = Loadgen::start(&json!({
        "kind": "shunt", "netns": row.path("b"), "from": "west", "to": "east", "pattern": pattern(),
    }));
    let mut trials = Loadgen::start(&json!({
        "kind": "trials", "pattern": pattern(), "cpus": [0], "isUnchanged": true,
        "source": { "netns": row.path("a"), "device": "east" },
        "sink": { "netns": row.path("c"), "device": "west" },
    }));
    for _ in 0..2 {
        let outcome = trials.ask(&json!({ "rate": 20_000.0, "durationMs": 500, "frames": 5000 }));
        assert_eq!(outcome["sent"], 5000);
        assert_eq!(outcome["received"], 5000);
        assert_eq!(outcome["receivedBytes"], 5000 * 64);
        // 5,000 frames have 4,999 intervals of 50 us between them; the machine may make it longer, and nothing shorter.
        assert!(
            outcome["elapsedNs"].as_u64().unwrap() >= 249_000_000,
            "{outcome}"
        );
    }
    let fast = trials.ask(&json!({ "durationMs": 100 }));
    assert!(fast["sent"].as_u64().unwrap() > 5000, "{fast}");
    trials.end();
    shunt.end();
}

#[test]
fn frames_that_nobody_passes_on_are_not_received() {
    let row = Row::new("gap");
    let mut trials = Loadgen::start(&json!({
        "kind": "trials", "pattern": pattern(), "cpus": [0], "isUnchanged": true,
        "source": { "netns": row.path("a"), "device": "east" },
        "sink": { "netns": row.path("c"), "device": "west" },
    }));
    let outcome = trials.ask(&json!({ "durationMs": 200, "frames": 100 }));
    assert_eq!(outcome["sent"], 100);
    assert_eq!(outcome["received"], 0);
    trials.end();
}

#[test]
fn a_job_that_is_none_is_refused_with_a_reason() {
    let refusal = |job: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(job.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refusal("").contains("its first line is a job"));
    assert!(refusal("{\"kind\":\"trails\"}").contains("trails"));
    let nowhere = json!({
        "kind": "trials", "pattern": pattern(), "cpus": [0],
        "source": { "netns": "/run/netns/loadgen-nowhere", "device": "east" },
        "sink": { "netns": "/run/netns/loadgen-nowhere", "device": "west" },
    });
    assert!(refusal(&nowhere.to_string()).contains("No such file"));
}
