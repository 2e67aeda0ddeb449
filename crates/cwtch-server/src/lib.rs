//! An untrusted Cwtch server: token service and board.
