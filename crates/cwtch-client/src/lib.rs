//! The Cwtch client engine: profiles, contacts, groups, tokens.
