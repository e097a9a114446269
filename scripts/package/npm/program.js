'use strict';

const { optionalDependencies } = require('./package.json');

// Each platform has its program in a package of its own, of which npm installs the one that fits.
const PLATFORM = `${process.platform}-${process.arch}`;
const PACKAGE = `queuerite-${PLATFORM}`;

/** Where the program is. */
module.exports = function program() {
  if (!(PACKAGE in optionalDependencies)) {
    throw new Error(`there is no program for ${PLATFORM}, only in ${Object.keys(optionalDependencies).join(', ')}`);
  }
  const name = process.platform === 'win32' ? 'queuerite.exe' : 'queuerite';
  try {
    return require.resolve(`${PACKAGE}/bin/${name}`);
  } catch {
    throw new Error(
      `the package ${PACKAGE}, which has the program, is not installed: ` +
        'optional dependencies must be, and on the platform that they are used on',
    );
  }
};
