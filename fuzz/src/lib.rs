//! Fuzz targets for every parser of what a remote sends. They live in `tests/`, one file for each family
//! of formats; `README.md` says how to run them.
