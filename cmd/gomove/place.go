package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/store"
)

const s3Category = "S3 (credentials come from the environment, the shared configuration or the instance's role)"

// placeFlags say how a dump's place is reached where that is s3://bucket/prefix.
func placeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "s3-endpoint", Usage: "`URL` of another S3 service than AWS", Category: s3Category},
		&cli.StringFlag{Name: "s3-region", Usage: "`REGION` of the bucket", DefaultText: "that of the configuration, else the one that the bucket tells", Category: s3Category},
		&cli.StringFlag{Name: "s3-profile", Usage: "`PROFILE` of the shared configuration", Category: s3Category},
	}
}

// keepFlags say how the objects of a new dump on S3 are kept.
func keepFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "s3-encryption", Usage: "server-side encryption `METHOD`: AES256, aws:kms or aws:kms:dsse", DefaultText: "the bucket's", Category: s3Category},
		&cli.StringFlag{Name: "s3-kms-key", Usage: "`KEY` of aws:kms: its id or ARN", Category: s3Category},
		&cli.StringFlag{Name: "s3-storage-class", Usage: "storage `CLASS` of the objects, such as STANDARD_IA", DefaultText: "STANDARD", Category: s3Category},
	}
}

// checkPlace refuses what cannot be the place of a dump, rather than making a directory of that name.
func checkPlace(c *cli.Context, flag, place string) error {
	if store.IsS3(place) {
		if _, _, err := store.ParseS3(place); err != nil {
			return usagef("%s: %w", flag, err)
		}
		if c.String("s3-kms-key") != "" && !strings.HasPrefix(c.String("s3-encryption"), "aws:kms") {
			return usagef("--s3-kms-key goes with --s3-encryption aws:kms")
		}
		return nil
	}
	if place == "-" || strings.Contains(place, "://") {
		return usagef("%s %s: only directories and s3://bucket/prefix are supported so far", flag, place)
	}
	for _, f := range append(placeFlags(), keepFlags()...) {
		if name := f.Names()[0]; c.IsSet(name) {
			return usagef("--%s goes with a place on S3, and %s is a directory", name, place)
		}
	}
	return nil
}

// openPlace opens a directory or a prefix of a bucket.
func openPlace(c *cli.Context, place string, access store.Access) (store.Store, error) {
	if store.IsS3(place) {
		return store.NewS3(c.Context, place, store.S3Options{
			Endpoint: c.String("s3-endpoint"), Region: c.String("s3-region"), Profile: c.String("s3-profile"),
			Encryption: c.String("s3-encryption"), KMSKey: c.String("s3-kms-key"), StorageClass: c.String("s3-storage-class"),
		})
	}
	return store.NewDir(place, access)
}
