//! The text of `tor.toml` for this workspace's programs.

use std::fmt::Write as _;

use super::client::Client;
use super::relay::Relay;

/// The table `[embedded]`, whose `tor_network` is arti's own: nothing else differs from the public network.
pub(super) fn embedded(relays: &[Relay]) -> String {
    let mut caches = String::new();
    let (mut v3, mut dir_ports) = (Vec::new(), Vec::new());
    for relay in relays {
        let (Some(identity), Some(dir_port)) = (relay.v3_identity(), relay.dir_port()) else { continue };
        v3.push(format!("\"{identity}\""));
        dir_ports.push(format!("[\"{dir_port}\"]"));
        let (rsa, ed, or_port) = (relay.rsa_identity(), relay.ed_identity(), relay.or_port());
        let _ = writeln!(
            caches,
            "    {{ rsa_identity = \"{rsa}\", ed_identity = \"{ed}\", orports = [\"{or_port}\"] }},"
        );
    }
    let (v3, dir_ports) = (v3.join(", "), dir_ports.join(", "));
    format!(
        "[embedded.tor_network]
fallback_caches = [
{caches}]

[embedded.tor_network.authorities]
v3idents = [{v3}]
uploads = [{dir_ports}]
downloads = [{dir_ports}]
votes = [{dir_ports}]
"
    )
}

/// The table `[system]`: how to reach a client's tor.
pub(super) fn system(client: &Client) -> String {
    format!("[system]\ncontrol = \"{}\"\nsocks = \"{}\"\n", client.control(), client.socks())
}

#[cfg(test)]
mod tests {
    use super::super::relay::tests::two;
    use super::*;

    #[test]
    fn the_embedded_part_names_the_authorities_only() {
        let text = embedded(&two());
        assert_eq!(
            text,
            r#"[embedded.tor_network]
fallback_caches = [
    { rsa_identity = "RSA0", ed_identity = "ed0", orports = ["127.10.0.1:21000"] },
]

[embedded.tor_network.authorities]
v3idents = ["V3"]
uploads = [["127.10.0.1:21010"]]
downloads = [["127.10.0.1:21010"]]
votes = [["127.10.0.1:21010"]]
"#
        );
        text.parse::<toml::Table>().unwrap();
    }

    #[test]
    fn the_system_part_names_control_and_socks() {
        let [port, socket] = super::super::client::tests::two();
        assert_eq!(system(&port), "[system]\ncontrol = \"127.0.0.1:21030\"\nsocks = \"127.0.0.1:21031\"\n");
        assert_eq!(
            system(&socket),
            "[system]\ncontrol = \"unix:/net/client1/control\"\nsocks = \"127.0.0.1:21033\"\n"
        );
    }
}
