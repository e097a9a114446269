#!/usr/bin/env node
'use strict';

// The word is the same as a link of that name, which a package cannot hold.
require('../launch.js')(['azurite-queue']);
