package dump

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/store"
)

// What no server's objects and no chunk exceed: 64 characters, 4,096 columns, a chunk of 1 TiB that ends with a huge row.
const (
	maxNameBytes  = 4 * 64
	maxColumns    = 4096
	maxChunkBytes = 1<<40 + 16<<30
)

// validate checks what a reader relies on. An unknown capability means that rows could be read wrong.
func (m *Manifest) validate() error {
	switch {
	case m.Format < 1:
		return fmt.Errorf("format %d", m.Format)
	case m.Format > FormatVersion:
		return fmt.Errorf("format %d is newer than this gomove reads (%d): use the gomove that wrote it, %s", m.Format, FormatVersion, m.Tool)
	case len(m.Requires) > 0:
		return fmt.Errorf("the dump needs %s, which this gomove does not have: use the one that wrote it, %s", strings.Join(m.Requires, ", "), m.Tool)
	case m.ID == "" || len(m.ID) > 64:
		return fmt.Errorf("id %.80q", m.ID)
	case m.Rows != CSV && m.Rows != SQL:
		return fmt.Errorf("rows %.80q: want csv or sql", m.Rows)
	case m.Compression != Zstd && m.Compression != Gzip && m.Compression != None:
		return fmt.Errorf("compression %.80q: want zstd, gzip or none", m.Compression)
	}
	return nil
}

func (o *Object) validate() error {
	switch {
	case o.Kind != KindSchema && o.Kind != KindTable && o.Kind != KindView && o.Kind != KindSequence && o.Kind != KindUsers:
		return fmt.Errorf("kind %.80q", o.Kind)
	case o.Schema == "" || (o.Kind == KindSchema) != (o.Name == ""):
		return fmt.Errorf("%s %.80q of schema %.80q", o.Kind, o.Name, o.Schema)
	case len(o.Schema) > maxNameBytes || len(o.Name) > maxNameBytes:
		return fmt.Errorf("%s: a name of more than %d bytes", o.Kind, maxNameBytes)
	case len(o.Columns) > maxColumns:
		return fmt.Errorf("%s: %d columns: no server has more than %d", quoteTable(o.Schema, o.Name), len(o.Columns), maxColumns)
	case o.Rows < -1:
		return fmt.Errorf("%s: %d rows", quoteTable(o.Schema, o.Name), o.Rows)
	case len(o.FileSums) > 0 && len(o.FileSums) != len(o.Files):
		return fmt.Errorf("%s: %d checksums of %d files", quoteTable(o.Schema, o.Name), len(o.FileSums), len(o.Files))
	}
	if o.S3Manifest != "" && (store.CheckName(o.S3Manifest) != nil || !isSum(o.S3ManifestSum)) {
		return fmt.Errorf("%s: manifest %.80q", quoteTable(o.Schema, o.Name), o.S3Manifest)
	}
	for _, name := range append([]string{o.Base}, o.Files...) {
		if err := store.CheckName(name); err != nil {
			return err
		}
	}
	for _, c := range o.Columns {
		if c.Name == "" || c.Encoding != Plain && c.Encoding != Bytes && c.Encoding != UTF8 {
			return fmt.Errorf("%s: column %.80q with encoding %.80q", quoteTable(o.Schema, o.Name), c.Name, c.Encoding)
		}
	}
	return nil
}

func (c *Chunk) validate() error {
	if err := store.CheckName(c.File); err != nil {
		return err
	}
	switch {
	case c.Schema == "" || c.Table == "":
		return fmt.Errorf("chunk %s: no table", c.File)
	case len(c.Schema) > maxNameBytes || len(c.Table) > maxNameBytes:
		return fmt.Errorf("chunk %s: a name of more than %d bytes", c.File, maxNameBytes)
	case c.Number > math.MaxInt32 || c.Bytes > maxChunkBytes || c.Stored > maxChunkBytes || c.Rows > c.Bytes:
		return fmt.Errorf("chunk %s: numbers that no file has: number %d, %d rows, %d bytes, %d stored", c.File, c.Number, c.Rows, c.Bytes, c.Stored)
	case c.Number < 0 || c.Rows < 0 || c.Bytes < 0 || c.Stored < 0 || c.Range.Piece < 0:
		return fmt.Errorf("chunk %s: a negative number", c.File)
	case !slices.Contains([]string{"csv", "sql", "dat"}, c.extension()):
		return fmt.Errorf("chunk %s: a file name that ends in none of .csv, .dat, .sql", c.File)
	case c.Script != "" && (store.CheckName(c.Script) != nil || !isSum(c.ScriptSum)):
		return fmt.Errorf("chunk %s: script %.80q", c.File, c.Script)
	case !isSum(c.FileSum) || !isSum(c.RowSum):
		return fmt.Errorf("chunk %s: a checksum that is not 32 hex digits", c.File)
	}
	for _, part := range slices.Concat(c.Range.Equal, c.Range.Lower, c.Range.Upper) {
		if _, err := hex.DecodeString(part); err != nil {
			return fmt.Errorf("chunk %s: key %.80q: %w", c.File, part, err)
		}
	}
	return nil
}

// extension is csv, sql or dat, without the compression's suffix.
func (c *Chunk) extension() string {
	name := strings.TrimSuffix(c.File, c.compression().suffix())
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Format is how the chunk's rows stand in its file.
func (c *Chunk) Format() Format {
	if c.extension() == string(SQL) {
		return SQL
	}
	return CSV
}

func (c *Chunk) compression() Compression {
	switch {
	case strings.HasSuffix(c.File, Zstd.suffix()):
		return Zstd
	case strings.HasSuffix(c.File, Gzip.suffix()):
		return Gzip
	}
	return None
}

func isSum(s string) bool {
	_, err := ParseRowSum(s)
	return err == nil
}
