package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/store"
)

// runFlags are the same for every command.
func runFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "progress", Value: string(progress.Auto), Usage: "`FORM` of progress on stderr: auto, bar, plain, json or none", Category: runCategory},
		&cli.StringFlag{Name: "log-level", Value: "warn", Usage: "lowest `LEVEL` of logs on stderr: debug, info, warn or error", Category: runCategory},
		&cli.StringFlag{Name: "log-format", Value: "text", Usage: "`FORM` of logs: text or json", Category: runCategory},
		&cli.StringFlag{Name: "summary", Value: "text", Usage: "`FORM` of the summary on stdout: text or json", Category: runCategory},
		&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done and change nothing", Category: runCategory},
	}
}

// threads reads -t; 0 is the command's default.
func threads(c *cli.Context) (int, error) {
	n := c.Int("threads")
	if c.IsSet("threads") && (n < 1 || n > 1024) {
		return 0, usagef("-t/--threads %d: use a number from 1 to 1024", n)
	}
	return n, nil
}

// boundMemory has the garbage collector keep the process near what is in use once it is larger than small rows make it:
// its own pace lets garbage grow to the size of what is in use, which a row of 200 MB would double. GOMEMLIMIT stands over it.
func boundMemory(threads int, place string) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if threads < 1 {
		threads = runtime.NumCPU()
	}
	limit := int64(baseMemory) + int64(threads)*threadMemory
	if store.IsS3(place) {
		limit += int64(threads) * store.S3MemoryPerFile
	}
	debug.SetMemoryLimit(limit)
}

// With 2 threads 70 MB: below the 100 MB that a run may be resident with.
const (
	baseMemory   = 50_000_000
	threadMemory = 10_000_000
)

// size reads a flag such as 64MiB as bytes.
func size(c *cli.Context, flag string) (int64, error) {
	n, err := humanize.ParseBytes(c.String(flag))
	if err != nil || n < 1<<10 || n > 1<<40 {
		return 0, usagef("--%s %q: use a size from 1KiB to 1TiB, such as 64MiB", flag, c.String(flag))
	}
	return int64(n), nil
}

// unquoteName takes the backticks off a name, if it has them.
func unquoteName(s string) string {
	if len(s) >= 2 && s[0] == '`' && s[len(s)-1] == '`' {
		return strings.ReplaceAll(s[1:len(s)-1], "``", "`")
	}
	return s
}
