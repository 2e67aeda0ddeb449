//! Contacts and own attributes: the commands that need no network.
