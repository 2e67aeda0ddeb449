//! onion-grater as far as a profile's commands and events go (github.com/Whonix/onion-grater describes the format).

use std::collections::HashMap;

use regex::Regex;

/// A pattern, and the replacement for a text that matches it.
#[derive(Debug, Clone)]
struct Rule {
    pattern: Regex,
    replacement: Option<String>,
    response: Vec<Rule>,
}

/// A profile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    commands: HashMap<String, Vec<Rule>>,
    events: HashMap<String, Vec<Rule>>,
    /// The address that onion-grater sees the client under.
    pub(crate) client: String,
}

impl Filter {
    /// Allows exactly these commands, `COMMAND pattern`, and events.
    pub(crate) fn allowing(commands: &[&str], events: &[&str]) -> Self {
        let mut filter = Self { client: "127.0.0.1".to_owned(), ..Self::default() };
        for line in commands {
            let (command, pattern) = line.split_once(' ').unwrap();
            filter.commands.entry(command.to_owned()).or_default().push(Rule::new(pattern));
        }
        filter.events.extend(events.iter().map(|event| ((*event).to_owned(), Vec::new())));
        filter
    }

    /// Reads a profile: the part of YAML that the one in `docs` is written in.
    pub(crate) fn profile(text: &str, client: &str) -> Self {
        let mut filter = Self { client: client.to_owned(), ..Self::default() };
        let (mut section, mut name) = ("", String::new());
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')) {
            let depth = line.len() - line.trim_start().len();
            let line = line.trim();
            match depth {
                0 | 2 => section = line.trim_start_matches("- ").trim_end_matches(':'),
                4 if section == "commands" || section == "events" => {
                    name = line.split(':').next().unwrap().to_owned();
                    match section {
                        "commands" => drop(filter.commands.entry(name.clone()).or_default()),
                        _ => drop(filter.events.entry(name.clone()).or_default()),
                    }
                }
                4 => {}
                _ => {
                    let unquoted = |text: &str| text.trim().trim_matches('\'').to_owned();
                    let rules = match section {
                        "commands" => filter.commands.get_mut(&name).unwrap(),
                        _ => filter.events.get_mut(&name).unwrap(),
                    };
                    // A command's responses are two levels deeper than its patterns.
                    let rules = match (section, depth) {
                        ("commands", 10..) => &mut rules.last_mut().unwrap().response,
                        _ => rules,
                    };
                    if let Some(pattern) = line.strip_prefix("- pattern:") {
                        rules.push(Rule::new(&unquoted(pattern)));
                    } else if let Some(replacement) = line.strip_prefix("replacement:") {
                        rules.last_mut().unwrap().replacement = Some(unquoted(replacement));
                    } else if let Some(pattern) = line.strip_prefix("- ") {
                        rules.push(Rule::new(&unquoted(pattern)));
                    } else {
                        assert_eq!(line, "response:");
                    }
                }
            }
        }
        filter
    }

    /// The arguments that are passed on to Tor; `None` if the command is refused.
    pub(crate) fn command(&self, command: &str, arguments: &str) -> Option<String> {
        if command == "SETEVENTS" {
            let all = arguments.split(' ').all(|event| self.events.contains_key(event));
            return all.then(|| arguments.to_owned());
        }
        let rule = self.rule(command, arguments)?;
        Some(rule.apply(arguments, &self.client))
    }

    /// The part of a reply that the client sees.
    pub(crate) fn reply(&self, command: &str, arguments: &str, reply: &str) -> String {
        let rules = self.rule(command, arguments).map_or(&[][..], |rule| &rule.response);
        reply.trim_end().split("\r\n").map(|line| rewrite(rules, line, &self.client) + "\r\n").collect()
    }

    /// The part of an event that the client sees, if any.
    pub(crate) fn event(&self, kind: &str, line: &str) -> Option<String> {
        let rules = self.events.get(kind)?;
        Some(rewrite(rules, line, &self.client)).filter(|line| !line.is_empty())
    }

    fn rule(&self, command: &str, arguments: &str) -> Option<&Rule> {
        self.commands.get(command)?.iter().find(|rule| rule.pattern.is_match(arguments))
    }
}

fn rewrite(rules: &[Rule], line: &str, client: &str) -> String {
    let rule = rules.iter().find(|rule| rule.pattern.is_match(line));
    rule.map_or_else(|| line.to_owned(), |rule| rule.apply(line, client))
}

impl Rule {
    fn new(pattern: &str) -> Self {
        let pattern = Regex::new(&format!("^(?:{pattern})$")).unwrap();
        Self { pattern, replacement: None, response: Vec::new() }
    }

    /// The replacement, a format string of Python's.
    fn apply(&self, text: &str, client: &str) -> String {
        let Some(replacement) = &self.replacement else { return text.to_owned() };
        let groups = self.pattern.captures(text).unwrap();
        let mut groups = groups.iter().skip(1).map(|group| group.expect("no group may be missing").as_str());
        let mut out = String::new();
        let mut rest = replacement.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap();
            out += before;
            out += match name {
                "" => groups.next().unwrap(),
                "client-address" => client,
                other => panic!("{other}"),
            };
            rest = after;
        }
        out + rest
    }
}
