package inspect

import (
	"context"

	"github.com/gomove/gomove/internal/dump"
)

// nameSwapped looks for the records whose checksum an altered file has: such a file stands under another's name.
func (i *inspection) nameSwapped(ctx context.Context) error {
	at := map[string][]*dump.Problem{}
	for n := range i.report.Problems {
		if p := &i.report.Problems[n]; p.Sum != "" {
			at[p.Sum] = append(at[p.Sum], p)
		}
	}
	if len(at) == 0 {
		return nil
	}
	mark := func(sum, file string) {
		for _, p := range at[sum] {
			if p.File != file {
				p.What += "; it holds what " + file + " should hold"
			}
		}
		delete(at, sum)
	}
	for o, err := range i.reader.Objects(ctx) {
		if err != nil {
			break // it was reported
		}
		for n, sum := range o.FileSums {
			mark(sum, o.Files[n])
		}
		mark(o.S3ManifestSum, o.S3Manifest)
	}
	for c, err := range i.reader.Chunks(ctx) {
		if err != nil {
			break
		}
		mark(c.FileSum, c.File)
		mark(c.ScriptSum, c.Script)
	}
	return ctx.Err()
}
