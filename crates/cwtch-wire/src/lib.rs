//! Every byte that leaves a Cwtch process: one module for each wire format.
