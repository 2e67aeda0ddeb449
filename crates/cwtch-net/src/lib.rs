//! Networks that Cwtch runs over, and the driver between a stream and a state machine.
