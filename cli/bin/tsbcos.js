#!/usr/bin/env node
// Here, and not built, so that npm can link the command before anything is built.
import "../dist/main.js";
