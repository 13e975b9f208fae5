package main

import (
	"bytes"
	"errors"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/catalog"
	pattern "github.com/gomove/gomove/internal/selection"
	"github.com/gomove/gomove/transform"
)

// maskKeyVariable holds the key of --mask where no file does.
const maskKeyVariable = "GOMOVE_MASK_KEY"

// columnFlags say which columns are moved, and which of them as something else.
func columnFlags() []cli.Flag {
	list := func(name, usage string) cli.Flag {
		return &cli.StringSliceFlag{Name: name, Usage: usage, Category: transformCategory}
	}
	return []cli.Flag{
		list("columns", "`SCHEMA.TABLE=A,B`: move these columns of a table and no others (repeat)"),
		list("exclude-columns", "`SCHEMA.TABLE=A,B`: leave these columns of a table out (repeat)"),
		list("mask", "`SCHEMA.TABLE.COLUMN=METHOD`: replace its values: null, fixed:VALUE, hash, digits or email (repeat)"),
		&cli.StringFlag{Name: "mask-key-file", Usage: "`FILE` with the key of hash, digits and email; $" + maskKeyVariable + " else", Category: transformCategory},
	}
}

// changeFlags say how definitions are changed.
func changeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "engine", Usage: "`ENGINE` of every table: innodb", DefaultText: "its own", Category: transformCategory},
		&cli.StringSliceFlag{Name: "collation-map", Usage: "`FROM=TO`: another collation wherever FROM stands (repeat)", Category: transformCategory},
	}
}

// charsetFlag has tables made in another charset.
func charsetFlag() cli.Flag {
	return &cli.StringFlag{Name: "charset", Usage: "`CHARSET` of every table and its text, such as utf8mb4", DefaultText: "its own", Category: transformCategory}
}

// readColumnFlags reads the flags of columnFlags into a selection.
func readColumnFlags(c *cli.Context, s *catalog.Selection) (err error) {
	s.Columns, s.ExcludeColumns, s.Masks = c.StringSlice("columns"), c.StringSlice("exclude-columns"), c.StringSlice("mask")
	s.MaskKey, err = maskKey(c)
	return err
}

// maskKey reads the key of --mask, nil when none is given.
func maskKey(c *cli.Context) (*transform.MaskKey, error) {
	name := c.String("mask-key-file")
	secret, from := []byte(os.Getenv(maskKeyVariable)), "$"+maskKeyVariable
	if name != "" {
		var err error
		if secret, err = os.ReadFile(name); err != nil {
			return nil, usagef("--mask-key-file: %w", err)
		}
		from = "--mask-key-file " + name
	}
	secret = bytes.TrimRight(secret, "\r\n")
	if len(secret) == 0 && name == "" {
		return nil, nil
	}
	key, err := transform.NewMaskKey(secret)
	if err != nil {
		return nil, usagef("%s: %w", from, err)
	}
	return key, nil
}

// changes reads the flags of changeFlags, and of charsetFlag where a command has it for tables.
func changes(c *cli.Context) (ch transform.Changes, err error) {
	if e := c.String("engine"); e != "" {
		if !strings.EqualFold(e, "innodb") {
			return ch, usagef("--engine %s: only innodb holds rows as every server does; use innodb", e)
		}
		ch.Engine = "InnoDB"
	}
	for _, m := range c.StringSlice("collation-map") {
		from, to, ok := pattern.CutAtEqual(m)
		if !ok || !isCollation(from) || !isCollation(to) {
			return ch, usagef("--collation-map %q: use FROM=TO, such as utf8mb4_general_ci=utf8mb4_0900_ai_ci", m)
		}
		if ch.Collations == nil {
			ch.Collations = map[string]string{}
		}
		from = strings.ToLower(from)
		if old, twice := ch.Collations[from]; twice && old != to {
			return ch, usagef("--collation-map names collation %s twice", from)
		}
		ch.Collations[from] = strings.ToLower(to)
	}
	return ch, nil
}

// isCollation reports a word that may name a collation, which has the name of its charset in front.
func isCollation(s string) bool {
	charset, rest, ok := strings.Cut(s, "_")
	return ok && charset != "" && rest != "" && isWord(s)
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_'
	})
}

// tableCharset reads --charset of a load.
func tableCharset(c *cli.Context) (string, error) {
	charset := strings.ToLower(c.String("charset"))
	if charset != "" && !isWord(charset) {
		return "", usagef("--charset %q: use the name of a charset, such as utf8mb4", charset)
	}
	if charset == "binary" {
		return "", usagef("--charset binary: %w", errors.New("text without a charset is another type; use a charset of text"))
	}
	return charset, nil
}
